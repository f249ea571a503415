import type { BlockDeviceMapping } from '@aws-sdk/client-ec2';
import type { WantedAmi, WantedDevice, WantedVolume } from './wanted-ami.ts';

const defaultRootDevice = '/dev/sda1';
const defaultVolumeType = 'gp3';

type WantedDevices = Pick<WantedAmi, 'rootDeviceName' | 'rootVolume' | 'devices'>;

/** The devices as RegisterImage takes them. No Encrypted and no KmsKeyId beside a snapshot: EC2 takes neither. */
export function blockDeviceMappings(
  { rootDeviceName = defaultRootDevice, rootVolume = {}, devices = [] }: WantedDevices,
  { snapshotId, sizeGiB }: { readonly snapshotId: string; readonly sizeGiB: number },
): { readonly RootDeviceName: string; readonly BlockDeviceMappings: BlockDeviceMapping[] } {
  const root = {
    SnapshotId: snapshotId,
    ...volumeFields({ ...rootVolume, sizeGiB: rootVolume.sizeGiB ?? sizeGiB }),
    DeleteOnTermination: true,
  };
  return {
    RootDeviceName: rootDeviceName,
    BlockDeviceMappings: [{ DeviceName: rootDeviceName, Ebs: root }, ...devices.map(mappingOf)],
  };
}

function mappingOf({
  deviceName: DeviceName,
  virtualName: VirtualName,
  volume,
}: WantedDevice): BlockDeviceMapping {
  if (!volume) return { DeviceName, VirtualName };
  const { snapshotId, encrypted, deleteOnTermination } = volume;
  return {
    DeviceName,
    Ebs: {
      SnapshotId: snapshotId,
      ...volumeFields(volume),
      DeleteOnTermination: deleteOnTermination,
      Encrypted: encrypted,
    },
  };
}

function volumeFields({ type = defaultVolumeType, sizeGiB, iops, throughput }: WantedVolume) {
  return { VolumeSize: sizeGiB, VolumeType: type, Iops: iops, Throughput: throughput };
}

/** The devices of an AMI, as DescribeImages gives them. */
export interface FoundDevices {
  readonly rootDeviceName?: string;
  readonly mappings: readonly BlockDeviceMapping[];
}

/** In what the devices are not as asked for: "its root volume has the type gp2, not gp3". Nothing of them can be changed. */
export function deviceDifferences(
  { rootDeviceName, mappings }: FoundDevices,
  { rootDeviceName: wantedRoot, rootVolume = {}, devices }: WantedDevices,
): string[] {
  const differences: string[] = [];
  if (wantedRoot !== undefined && rootDeviceName !== wantedRoot)
    differences.push(`its root device is ${rootDeviceName ?? 'not set'}, not ${wantedRoot}`);
  const root = mappings.find(({ DeviceName }) => DeviceName === rootDeviceName) ?? mappings[0];
  differences.push(...volumeDifferences('its root volume', root, rootVolume));
  if (devices === undefined) return differences;
  for (const wanted of devices) {
    const found = mappings.find((mapping) => mapping !== root && mapping.DeviceName === wanted.deviceName);
    if (found) differences.push(...differencesOf(found, wanted));
    else differences.push(`it has no device ${wanted.deviceName}`);
  }
  const names = devices.map(({ deviceName }) => deviceName);
  const others = mappings.filter((one) => one !== root && !names.includes(one.DeviceName ?? ''));
  return [...differences, ...others.map(({ DeviceName }) => `it has the device ${DeviceName}`)];
}

function differencesOf(found: BlockDeviceMapping, wanted: WantedDevice): string[] {
  const which = `its device ${wanted.deviceName}`;
  if (!wanted.volume || !found.Ebs) {
    if (found.VirtualName === wanted.virtualName && !wanted.volume === !found.Ebs) return [];
    return [`${which} is not ${wanted.virtualName ?? 'a volume'}`];
  }
  const { snapshotId, encrypted, deleteOnTermination } = wanted.volume;
  const { SnapshotId, Encrypted = false, DeleteOnTermination } = found.Ebs;
  return [
    ...volumeDifferences(which, found, wanted.volume),
    ...(SnapshotId === snapshotId ? [] : [`${which} is of ${SnapshotId ?? 'no snapshot'}`]),
    ...(encrypted === undefined || Encrypted === encrypted
      ? []
      : [`${which} is ${Encrypted ? '' : 'not '}encrypted`]),
    ...(DeleteOnTermination === undefined || DeleteOnTermination === deleteOnTermination
      ? []
      : [`${which} is ${DeleteOnTermination ? 'deleted' : 'kept'} on termination`]),
  ];
}

function volumeDifferences(
  which: string,
  mapping: BlockDeviceMapping | undefined,
  { type, sizeGiB, iops, throughput }: WantedVolume,
): string[] {
  const { VolumeType, VolumeSize, Iops, Throughput } = mapping?.Ebs ?? {};
  const compared = [
    ['type', '', VolumeType, type],
    ['size', ' GiB', VolumeSize, sizeGiB],
    ['IOPS', '', Iops, iops],
    ['throughput', ' MiB/s', Throughput, throughput],
  ] as const;
  return compared.flatMap(([what, unit, found, wanted]) =>
    wanted === undefined || found === wanted
      ? []
      : [
          `the ${what} of ${which} is ${found === undefined ? 'not set' : `${found}${unit}`}, not ${wanted}${unit}`,
        ],
  );
}
