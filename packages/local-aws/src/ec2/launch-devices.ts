import type { Read } from '../query/shape.ts';
import type { XmlElements } from '../query/xml.ts';
import type { blockDeviceMappings } from './images/block-devices.ts';

/** Block devices as somebody asked for them, to be made when an instance is launched. */
export interface LaunchDevice extends Partial<Omit<Mapping, 'Ebs'>> {
  readonly Ebs?: Partial<NonNullable<Mapping['Ebs']>>;
}

type Mapping = Read<typeof blockDeviceMappings>[number];

export function renderLaunchDevices(devices: readonly LaunchDevice[] | undefined): XmlElements | undefined {
  if (!devices || devices.length === 0) return undefined;
  return {
    item: devices.map(({ DeviceName, VirtualName, NoDevice, Ebs }) => ({
      deviceName: DeviceName,
      virtualName: VirtualName,
      noDevice: NoDevice,
      ebs: Ebs && {
        snapshotId: Ebs.SnapshotId,
        volumeSize: Ebs.VolumeSize,
        volumeType: Ebs.VolumeType,
        deleteOnTermination: Ebs.DeleteOnTermination,
        encrypted: Ebs.Encrypted,
        iops: Ebs.Iops,
        throughput: Ebs.Throughput,
        kmsKeyId: Ebs.KmsKeyId,
      },
    })),
  };
}
