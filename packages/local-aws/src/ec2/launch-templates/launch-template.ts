import { missingParameter, string } from '../../query/shape.ts';
import { ec2Error, invalidParameterValue } from '../errors.ts';
import type { LaunchDevice } from '../launch-devices.ts';
import type { Resource, Resources } from '../resources.ts';

/** What of a launch template's data is kept. */
export interface LaunchTemplateData {
  /** An AMI's id, or `resolve:ssm:…`. */
  readonly imageId?: string;
  readonly instanceType?: string;
  readonly keyName?: string;
  readonly userData?: string;
  readonly ebsOptimized?: boolean;
  readonly securityGroupIds?: readonly string[];
  readonly blockDevices?: readonly LaunchDevice[];
}

export interface LaunchTemplateVersion {
  readonly number: number;
  readonly description?: string;
  readonly createdAt: number;
  readonly data: LaunchTemplateData;
}

export interface LaunchTemplateFacts {
  readonly name: string;
  readonly createdBy: string;
  readonly defaultVersion: number;
  /** In the order of their numbers. */
  readonly versions: readonly LaunchTemplateVersion[];
}

export type LaunchTemplate = Resource<LaunchTemplateFacts>;

export interface LaunchTemplateName {
  readonly LaunchTemplateId?: string;
  readonly LaunchTemplateName?: string;
}

/** A template is named in one of two ways. */
export const templateName = { LaunchTemplateId: string, LaunchTemplateName: string };

/** @throws ServiceError */
export function namedTemplate(
  resources: Resources,
  { LaunchTemplateId: id, LaunchTemplateName: name }: LaunchTemplateName,
): LaunchTemplate {
  if (id !== undefined) return resources.get<LaunchTemplateFacts>('launch-template', id);
  if (name === undefined) throw missingParameter('LaunchTemplateId');
  const template = resources.findByName<LaunchTemplateFacts>('launch-template', name);
  if (!template) {
    throw ec2Error(
      'InvalidLaunchTemplateName.NotFoundException',
      `The specified launch template, with template name ${name}, does not exist.`,
    );
  }
  return template;
}

/** @throws ServiceError */
export function launchTemplateVersion(
  resources: Resources,
  { Version: version = '$Default', ...name }: LaunchTemplateName & { readonly Version?: string },
): LaunchTemplateVersion {
  return versionOf(namedTemplate(resources, name), version);
}

/** A version by its number, `$Latest` or `$Default`. */
export function versionOf({ id, facts }: LaunchTemplate, version: string): LaunchTemplateVersion {
  const { versions, defaultVersion } = facts;
  if (version === '$Latest') return versions.at(-1)!;
  const number = version === '$Default' ? defaultVersion : Number(version);
  if (!Number.isSafeInteger(number)) {
    throw invalidParameterValue(`The specified launch template version (${version}) is not valid.`);
  }
  const found = versions.find((candidate) => candidate.number === number);
  if (!found) {
    throw ec2Error(
      'InvalidLaunchTemplateId.VersionNotFound',
      `Could not find the specified version ${version} for the launch template with ID ${id}.`,
    );
  }
  return found;
}
