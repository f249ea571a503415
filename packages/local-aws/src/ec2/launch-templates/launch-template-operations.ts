import { boolean, list, required, string, structure } from '../../query/shape.ts';
import { oncePerToken } from '../client-tokens.ts';
import { ec2Error } from '../errors.ts';
import { blockDeviceMappings } from '../images/block-devices.ts';
import type { LaunchDevice } from '../launch-devices.ts';
import { operation } from '../operation.ts';
import { specifiedTags, tagSpecifications } from '../tags/tag-rules.ts';
import {
  type LaunchTemplateData,
  type LaunchTemplateFacts,
  type LaunchTemplateVersion,
  namedTemplate,
  templateName,
  versionOf,
} from './launch-template.ts';
import { describedTemplate, describedVersion } from './launch-template-answer.ts';

const templateData = required(
  structure({
    ImageId: string,
    InstanceType: string,
    KeyName: string,
    UserData: string,
    EbsOptimized: boolean,
    SecurityGroupId: list(string),
    BlockDeviceMapping: blockDeviceMappings,
  }),
);

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
      BlockDeviceMapping: readonly LaunchDevice[];
    };
  },
  createdAt: number,
  source: LaunchTemplateData = {},
): LaunchTemplateVersion {
  const { ImageId, InstanceType, KeyName, UserData, EbsOptimized, SecurityGroupId, BlockDeviceMapping } =
    data;
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
      blockDevices: BlockDeviceMapping.length > 0 ? BlockDeviceMapping : source.blockDevices,
    },
  };
}
