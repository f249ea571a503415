import { integer, list, string } from '../../query/shape.ts';
import { invalidParameterValue } from '../errors.ts';
import { compileFilters, filterList } from '../filters.ts';
import { listResources, rendered } from '../listing.ts';
import { type Ec2Context, operation } from '../operation.ts';
import { pageFields, pageOf, pageStart } from '../paging.ts';
import {
  type LaunchTemplate,
  type LaunchTemplateFacts,
  type LaunchTemplateVersion,
  namedTemplate,
  templateName,
  versionOf,
} from './launch-template.ts';
import { describedTemplate, describedVersion } from './launch-template-answer.ts';

const limits = { min: 1, max: 200 };

export const describeLaunchTemplates = operation({
  fields: {
    LaunchTemplateId: list(string),
    LaunchTemplateName: list(string),
    Filter: filterList,
    ...pageFields,
  },
  run(input, { resources, conditions }) {
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
      conditions,
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
    const { items, nextToken } = pageOf(rest, {
      request: input,
      limits,
      conditions: context.conditions,
      keyOf: versionKey,
    });
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
