import { boolean, integer, list, required, string, structure } from '../../query/shape.ts';
import type { XmlElements } from '../../query/xml.ts';
import { oncePerToken } from '../client-tokens.ts';
import { ec2Error, invalidParameterValue } from '../errors.ts';
import { compileFilters, filterList } from '../filters.ts';
import { listResources, rendered } from '../listing.ts';
import { type Ec2Context, operation } from '../operation.ts';
import { pageFields, pageOf, pageStart } from '../paging.ts';
import { tagSet } from '../tags/tag-answer.ts';
import { specifiedTags, tagSpecifications } from '../tags/tag-rules.ts';
import {
  type LaunchTemplate,
  type LaunchTemplateData,
  type LaunchTemplateFacts,
  type LaunchTemplateVersion,
  namedTemplate,
  versionOf,
} from './launch-template.ts';

const templateName = { LaunchTemplateId: string, LaunchTemplateName: string };
const templateData = required(
  structure({
    ImageId: string,
    InstanceType: string,
    KeyName: string,
    UserData: string,
    EbsOptimized: boolean,
    SecurityGroupId: list(string),
  }),
);

const limits = { min: 1, max: 200 };
const maxVersions = 10_000;

export const createLaunchTemplate = operation({
  fields: {
    LaunchTemplateName: required(string),
    VersionDescription: string,
    LaunchTemplateData: templateData,
    ClientToken: string,
    TagSpecification: tagSpecifications,
  },
  run(input, { store, resources, accountId, region, now }) {
    const { ClientToken: token, LaunchTemplateName: name, ...rest } = input;
    if (!/^[A-Za-z0-9().\-/_]{3,128}$/.test(name)) {
      throw ec2Error(
        'InvalidLaunchTemplateName.MalformedException',
        `The launch template name ${name} is not valid.`,
      );
    }
    const request = { name, ...rest };
    const id = store.transaction(() =>
      oncePerToken(store, { accountId, region, operation: 'CreateLaunchTemplate', token, request }, () => {
        if (resources.findByName('launch-template', name)) {
          throw ec2Error(
            'InvalidLaunchTemplateName.AlreadyExistsException',
            'Launch template name already in use.',
          );
        }
        const facts: LaunchTemplateFacts = {
          name,
          createdBy: `arn:aws:iam::${accountId}:user/local-aws`,
          defaultVersion: 1,
          versions: [newVersion(1, input, now())],
        };
        const tags = specifiedTags(input.TagSpecification, 'launch-template');
        return resources.insert('launch-template', { name, facts, tags }).id;
      }),
    );
    return { launchTemplate: describedTemplate(resources.get<LaunchTemplateFacts>('launch-template', id)) };
  },
});

export const createLaunchTemplateVersion = operation({
  fields: {
    ...templateName,
    SourceVersion: string,
    VersionDescription: string,
    LaunchTemplateData: templateData,
    ClientToken: string,
  },
  run(input, { store, resources, accountId, region, now }) {
    const { ClientToken: token, ...request } = input;
    const { id } = namedTemplate(resources, input);
    // A token stands for the version that it made, not for the template.
    const made = store.transaction(() =>
      oncePerToken(
        store,
        { accountId, region, operation: 'CreateLaunchTemplateVersion', token, request },
        () => {
          const template = resources.get<LaunchTemplateFacts>('launch-template', id);
          const { facts } = template;
          const number = facts.versions.at(-1)!.number + 1;
          if (facts.versions.length >= maxVersions) {
            throw ec2Error(
              'VersionLimitExceeded',
              `A launch template has no more than ${maxVersions} versions.`,
            );
          }
          const source =
            input.SourceVersion === undefined ? {} : versionOf(template, input.SourceVersion).data;
          const version = newVersion(number, input, now(), source);
          resources.setFacts<LaunchTemplateFacts>(id, { ...facts, versions: [...facts.versions, version] });
          return String(number);
        },
      ),
    );
    const template = resources.get<LaunchTemplateFacts>('launch-template', id);
    return { launchTemplateVersion: describedVersion(template, versionOf(template, made)) };
  },
});

export const modifyLaunchTemplate = operation({
  fields: { ...templateName, SetDefaultVersion: required(string), ClientToken: string },
  run(input, { store, resources }) {
    const { id } = namedTemplate(resources, input);
    store.transaction(() => {
      const template = resources.get<LaunchTemplateFacts>('launch-template', id);
      const { number } = versionOf(template, input.SetDefaultVersion);
      resources.setFacts<LaunchTemplateFacts>(id, { ...template.facts, defaultVersion: number });
    });
    return { launchTemplate: describedTemplate(resources.get<LaunchTemplateFacts>('launch-template', id)) };
  },
});

export const deleteLaunchTemplate = operation({
  fields: templateName,
  run(input, { resources }) {
    const template = namedTemplate(resources, input);
    resources.remove(template.id);
    return { launchTemplate: describedTemplate(template) };
  },
});

function newVersion(
  number: number,
  {
    VersionDescription: description,
    LaunchTemplateData: data,
  }: {
    VersionDescription?: string;
    LaunchTemplateData: {
      ImageId?: string;
      InstanceType?: string;
      KeyName?: string;
      UserData?: string;
      EbsOptimized?: boolean;
      SecurityGroupId: readonly string[];
    };
  },
  createdAt: number,
  source: LaunchTemplateData = {},
): LaunchTemplateVersion {
  const { ImageId, InstanceType, KeyName, UserData, EbsOptimized, SecurityGroupId } = data;
  return {
    number,
    description,
    createdAt,
    data: {
      imageId: ImageId ?? source.imageId,
      instanceType: InstanceType ?? source.instanceType,
      keyName: KeyName ?? source.keyName,
      userData: UserData ?? source.userData,
      ebsOptimized: EbsOptimized ?? source.ebsOptimized,
      securityGroupIds: SecurityGroupId.length > 0 ? SecurityGroupId : source.securityGroupIds,
    },
  };
}

function describedTemplate({ id, createdAt, facts, tags }: LaunchTemplate): XmlElements {
  return {
    launchTemplateId: id,
    launchTemplateName: facts.name,
    createTime: new Date(createdAt),
    createdBy: facts.createdBy,
    defaultVersionNumber: facts.defaultVersion,
    latestVersionNumber: facts.versions.at(-1)!.number,
    tagSet: tagSet(tags),
  };
}

function describedVersion({ id, facts }: LaunchTemplate, version: LaunchTemplateVersion): XmlElements {
  const { securityGroupIds = [], ...data } = version.data;
  return {
    launchTemplateId: id,
    launchTemplateName: facts.name,
    versionNumber: version.number,
    versionDescription: version.description,
    createTime: new Date(version.createdAt),
    createdBy: facts.createdBy,
    defaultVersion: version.number === facts.defaultVersion,
    launchTemplateData: {
      ...data,
      securityGroupIdSet: securityGroupIds.length === 0 ? undefined : { item: securityGroupIds },
    },
  };
}

export const describeLaunchTemplates = operation({
  fields: {
    LaunchTemplateId: list(string),
    LaunchTemplateName: list(string),
    Filter: filterList,
    ...pageFields,
  },
  run(input, { resources }) {
    for (const name of input.LaunchTemplateName) namedTemplate(resources, { LaunchTemplateName: name });
    const { items, nextToken } = listResources<LaunchTemplateFacts>({
      resources,
      type: 'launch-template',
      ids: input.LaunchTemplateId,
      filters: input.Filter,
      fields: {
        'create-time': ({ createdAt }) => new Date(createdAt).toISOString(),
        'launch-template-name': ({ facts }) => facts.name,
      },
      isWanted: ({ facts }) =>
        input.LaunchTemplateName.length === 0 || input.LaunchTemplateName.includes(facts.name),
      request: input,
      limits,
    });
    return { launchTemplates: { item: rendered(items, describedTemplate) }, nextToken };
  },
});

interface VersionOfTemplate {
  readonly template: LaunchTemplate;
  readonly version: LaunchTemplateVersion;
  readonly tags: readonly [];
}

/** Of one template any of its versions, newest first; of all templates their latest or default ones alone. */
export const describeLaunchTemplateVersions = operation({
  fields: {
    ...templateName,
    LaunchTemplateVersion: list(string),
    MinVersion: integer,
    MaxVersion: integer,
    Filter: filterList,
    ...pageFields,
  },
  run(input, context) {
    const { matches } = compileFilters<VersionOfTemplate>(input.Filter, {
      'create-time': ({ version }) => new Date(version.createdAt).toISOString(),
      'image-id': ({ version }) => version.data.imageId,
      'instance-type': ({ version }) => version.data.instanceType,
      'is-default-version': ({ template, version }) => version.number === template.facts.defaultVersion,
    });
    const chosen = chosenVersions(input, context)
      .map((pair): VersionOfTemplate => ({ ...pair, tags: [] }))
      .filter(matches);
    const start = pageStart(input);
    const rest =
      start === '' ? chosen : chosen.slice(chosen.findIndex((item) => versionKey(item) === start) + 1);
    const { items, nextToken } = pageOf(rest, { request: input, limits, keyOf: versionKey });
    return {
      launchTemplateVersionSet: {
        item: [...items].map(({ template, version }) => describedVersion(template, version)),
      },
      nextToken,
    };
  },
});

function versionKey({ template, version }: VersionOfTemplate): string {
  return `${template.id} ${version.number}`;
}

function chosenVersions(
  input: {
    LaunchTemplateId?: string;
    LaunchTemplateName?: string;
    LaunchTemplateVersion: readonly string[];
    MinVersion?: number;
    MaxVersion?: number;
  },
  { resources }: Ec2Context,
): { template: LaunchTemplate; version: LaunchTemplateVersion }[] {
  const {
    LaunchTemplateVersion: asked,
    MinVersion: min = 0,
    MaxVersion: max = Number.POSITIVE_INFINITY,
  } = input;
  if (input.LaunchTemplateId === undefined && input.LaunchTemplateName === undefined) {
    if (asked.length === 0 || asked.some((version) => version !== '$Latest' && version !== '$Default')) {
      throw invalidParameterValue(
        'Without a launch template, the versions can only be $Latest and $Default.',
      );
    }
    return [...resources.scan<LaunchTemplateFacts>('launch-template')].flatMap((template) =>
      [...new Set(asked.map((version) => versionOf(template, version)))].map((version) => ({
        template,
        version,
      })),
    );
  }
  const template = namedTemplate(resources, input);
  const versions =
    asked.length > 0
      ? asked.map((version) => versionOf(template, version))
      : template.facts.versions.filter(({ number }) => number >= min && number <= max).toReversed();
  return versions.map((version) => ({ template, version }));
}
