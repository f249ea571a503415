import { double, list, missingParameter, type Read, required, string, structure } from '../../query/shape.ts';
import type { XmlElements } from '../../query/xml.ts';
import { blockDeviceMappings } from '../images/block-devices.ts';
import { type LaunchDevice, renderLaunchDevices } from '../launch-devices.ts';
import { launchTemplateVersion } from '../launch-templates/launch-template.ts';
import type { Resources } from '../resources.ts';

const specification = structure({ LaunchTemplateId: string, LaunchTemplateName: string, Version: string });

const common = {
  InstanceType: string,
  SubnetId: string,
  AvailabilityZone: string,
  WeightedCapacity: double,
  Priority: double,
};

/** Of an EC2 Fleet, whose overrides may name an AMI and block devices. */
export const fleetTemplateConfigs = required(
  list(
    structure({
      LaunchTemplateSpecification: specification,
      Overrides: list(
        structure({ ...common, MaxPrice: string, ImageId: string, BlockDeviceMapping: blockDeviceMappings }),
      ),
    }),
  ),
);

/** Of a Spot Fleet. */
export const spotFleetTemplateConfigs = list(
  structure({
    LaunchTemplateSpecification: specification,
    Overrides: list(structure({ ...common, SpotPrice: string })),
  }),
);

type GivenConfig = Read<typeof fleetTemplateConfigs>[number];
type GivenOverride = GivenConfig['Overrides'][number];

export interface FleetTemplateConfig extends Partial<Omit<GivenConfig, 'Overrides'>> {
  readonly Overrides: readonly (Partial<Omit<GivenOverride, 'BlockDeviceMapping'>> & {
    readonly BlockDeviceMapping?: readonly LaunchDevice[];
  })[];
}

export type SpotFleetTemplateConfig = Read<typeof spotFleetTemplateConfigs>[number];

/** @throws ServiceError where a template or its version is not there */
export function checkTemplates(
  configs: readonly (FleetTemplateConfig | SpotFleetTemplateConfig)[],
  resources: Resources,
): void {
  for (const { LaunchTemplateSpecification: template } of configs) {
    if (!template) throw missingParameter('LaunchTemplateSpecification');
    // A fleet has no default version: it is named.
    if (template.Version === undefined) throw missingParameter('LaunchTemplateSpecification.Version');
    launchTemplateVersion(resources, template);
  }
}

export function renderConfigs(
  configs: readonly (FleetTemplateConfig | SpotFleetTemplateConfig)[],
): XmlElements {
  return {
    item: configs.map(({ LaunchTemplateSpecification: template, Overrides: overrides }) => ({
      launchTemplateSpecification: template && {
        launchTemplateId: template.LaunchTemplateId,
        launchTemplateName: template.LaunchTemplateName,
        version: template.Version,
      },
      overrides: {
        item: overrides.map((override) => ({
          instanceType: override.InstanceType,
          subnetId: override.SubnetId,
          availabilityZone: override.AvailabilityZone,
          weightedCapacity: override.WeightedCapacity,
          priority: override.Priority,
          ...('MaxPrice' in override && { maxPrice: override.MaxPrice }),
          ...('SpotPrice' in override && { spotPrice: override.SpotPrice }),
          ...('ImageId' in override && { imageId: override.ImageId }),
          ...('BlockDeviceMapping' in override && {
            blockDeviceMappingSet: renderLaunchDevices(override.BlockDeviceMapping),
          }),
        })),
      },
    })),
  };
}
