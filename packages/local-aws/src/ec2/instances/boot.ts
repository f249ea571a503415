import { access } from 'node:fs/promises';
import { boolean, integer, string, structure } from '../../query/shape.ts';
import { ec2Error, invalidParameterCombination, invalidParameterValue } from '../errors.ts';
import type { ImageFacts } from '../images/image.ts';
import type { MachineFacts } from '../machine.ts';
import type { Ec2Context } from '../operation.ts';
import type { InstanceFacts } from './instance.ts';
import { instanceTypeOf } from './instance-types.ts';
import { firmwareOf } from './machine-command.ts';

export const networkInterface = structure({
  DeviceIndex: integer,
  SubnetId: string,
  AssociatePublicIpAddress: boolean,
  DeleteOnTermination: boolean,
});

/** @throws ServiceError where it is given twice, or not an id */
export function subnetOf({
  SubnetId: given,
  NetworkInterface: interfaces,
}: {
  readonly SubnetId?: string;
  readonly NetworkInterface: readonly { readonly SubnetId?: string }[];
}): string | undefined {
  if (given !== undefined && interfaces.length > 0) {
    throw invalidParameterCombination(
      'Network interfaces and an instance-level subnet ID may not be specified on the same request',
    );
  }
  const subnetId = given ?? interfaces[0]?.SubnetId;
  if (subnetId !== undefined && !/^subnet-[0-9a-f]{8,17}$/.test(subnetId)) {
    throw ec2Error('InvalidSubnetID.NotFound', `The subnet ID '${subnetId}' does not exist`);
  }
  return subnetId;
}

/** What is booted for an instance of this AMI. Undefined where it is a mere record. */
export function machineOf(
  { architecture, bootMode, blockDevices, rootDeviceName }: ImageFacts,
  instanceType: string,
  { settings, snapshotFiles }: Pick<Ec2Context, 'settings' | 'snapshotFiles'>,
): MachineFacts | undefined {
  const root = blockDevices.find(({ deviceName }) => deviceName === rootDeviceName)?.ebs?.snapshotId;
  if (!settings.bootInstances || root === undefined) return undefined;
  const type = instanceTypeOf(instanceType);
  if (!type) throw invalidParameterValue(`Invalid value '${instanceType}' for InstanceType.`);
  if (type.architecture !== architecture) {
    throw invalidParameterValue(
      `The architecture '${type.architecture}' of the specified instance type does not match the architecture '${architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.`,
    );
  }
  const firmware = firmwareOf(bootMode, type);
  if (!firmware)
    throw ec2Error(
      'Unsupported',
      `The instance type '${instanceType}' does not support the boot mode '${bootMode}'.`,
    );
  return { ...type, firmware, diskPath: snapshotFiles.path(root) };
}

/** Before an instance is recorded whose machine could not start. */
export async function requireMachine(
  machine: MachineFacts | undefined,
  { machines }: Ec2Context,
): Promise<void> {
  if (!machine) return;
  await machines.require(machine);
  await access(machine.diskPath).catch(() => {
    throw ec2Error('InternalError', 'The snapshot of the AMI has no content on this emulator.');
  });
}

/** Once, whoever repeats the call with its token. */
export function boot(
  id: string,
  facts: InstanceFacts,
  machine: MachineFacts | undefined,
  { machines, accountId, region }: Ec2Context,
): void {
  if (!machine || facts.state !== 'pending' || machines.find(id)) return;
  machines.start({ id, accountId, region }, machine);
}
