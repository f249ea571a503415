import type { XmlElements } from '../../query/xml.ts';
import { renderLaunchDevices } from '../launch-devices.ts';
import { tagSet } from '../tags/tag-answer.ts';
import type { LaunchTemplate, LaunchTemplateVersion } from './launch-template.ts';

export function describedTemplate({ id, createdAt, facts, tags }: LaunchTemplate): XmlElements {
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

export function describedVersion({ id, facts }: LaunchTemplate, version: LaunchTemplateVersion): XmlElements {
  const { securityGroupIds = [], blockDevices, ...data } = version.data;
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
      blockDeviceMappingSet: renderLaunchDevices(blockDevices),
      securityGroupIdSet: securityGroupIds.length === 0 ? undefined : { item: securityGroupIds },
    },
  };
}
