import { boolean, list, string, structure } from '../../query/shape.ts';
import type { XmlElements } from '../../query/xml.ts';
import { blockDeviceMappings } from '../images/block-devices.ts';
import { type LaunchDevice, renderLaunchDevices } from '../launch-devices.ts';

/** What a Spot request or one specification of a Spot Fleet launches. */
export const specificationFields = {
  ImageId: string,
  InstanceType: string,
  KeyName: string,
  SubnetId: string,
  UserData: string,
  EbsOptimized: boolean,
  BlockDeviceMapping: blockDeviceMappings,
};

export const launchSpecification = structure({ ...specificationFields, SecurityGroupId: list(string) });

export interface LaunchSpecification {
  readonly ImageId?: string;
  readonly InstanceType?: string;
  readonly KeyName?: string;
  readonly SubnetId?: string;
  readonly UserData?: string;
  readonly EbsOptimized?: boolean;
  readonly BlockDeviceMapping?: readonly LaunchDevice[];
}

export function renderSpecification(specification: LaunchSpecification): XmlElements {
  return {
    imageId: specification.ImageId,
    instanceType: specification.InstanceType,
    keyName: specification.KeyName,
    subnetId: specification.SubnetId,
    userData: specification.UserData,
    ebsOptimized: specification.EbsOptimized,
    blockDeviceMapping: renderLaunchDevices(specification.BlockDeviceMapping),
  };
}
