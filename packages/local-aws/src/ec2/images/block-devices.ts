import { boolean, integer, list, oneOf, type Read, string, structure } from '../../query/shape.ts';
import type { XmlElements } from '../../query/xml.ts';
import { ec2Error, invalidParameterCombination, invalidParameterValue } from '../errors.ts';
import type { Snapshot } from '../snapshots/snapshot.ts';

export interface BlockDevice {
  readonly deviceName: string;
  readonly virtualName?: string;
  readonly noDevice?: string;
  readonly ebs?: EbsDevice;
}

export interface EbsDevice {
  readonly snapshotId?: string;
  readonly volumeSizeGiB: number;
  readonly volumeType: VolumeType;
  readonly deleteOnTermination: boolean;
  readonly encrypted: boolean;
  readonly iops?: number;
  readonly throughput?: number;
  readonly kmsKeyId?: string;
}

const volumeTypes = ['standard', 'io1', 'io2', 'gp2', 'sc1', 'st1', 'gp3'] as const;
type VolumeType = (typeof volumeTypes)[number];

/** GiB. https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html */
const volumeSizes: Readonly<Record<VolumeType, readonly [min: number, max: number]>> = {
  standard: [1, 1024],
  io1: [4, 16_384],
  io2: [4, 65_536],
  gp2: [1, 16_384],
  gp3: [1, 65_536],
  sc1: [125, 16_384],
  st1: [125, 16_384],
};

export const blockDeviceMappings = list(
  structure({
    DeviceName: string,
    VirtualName: string,
    NoDevice: string,
    Ebs: structure({
      SnapshotId: string,
      VolumeSize: integer,
      VolumeType: oneOf(...volumeTypes),
      DeleteOnTermination: boolean,
      Encrypted: boolean,
      Iops: integer,
      Throughput: integer,
      KmsKeyId: string,
    }),
  }),
);

type Mapping = Read<typeof blockDeviceMappings>[number];
type EbsMapping = NonNullable<Mapping['Ebs']>;

/**
 * The devices as the AMI will have them.
 *
 * @param options.snapshotOf throws for a snapshot that is not there or not complete
 * @throws ServiceError `InvalidBlockDeviceMapping` mostly
 */
export function checkedBlockDevices(
  mappings: readonly Mapping[],
  { rootDeviceName, snapshotOf }: { rootDeviceName?: string; snapshotOf: (id: string) => Snapshot },
): BlockDevice[] {
  const names = new Set<string>();
  const devices = mappings.map(({ DeviceName: deviceName, VirtualName, NoDevice, Ebs }): BlockDevice => {
    if (!deviceName) throw invalidMapping('Missing device name');
    if (names.has(deviceName)) throw invalidMapping(`Duplicate device name: ${deviceName}`);
    names.add(deviceName);
    return {
      deviceName,
      virtualName: VirtualName,
      noDevice: NoDevice,
      ebs: Ebs && checkedEbs(Ebs, deviceName, snapshotOf),
    };
  });
  const root = devices.find(({ deviceName }) => deviceName === rootDeviceName);
  if (!root?.ebs?.snapshotId) throw invalidMapping('No root snapshot specified in device mapping');
  if (root.ebs.volumeType === 'sc1' || root.ebs.volumeType === 'st1') {
    throw invalidMapping(
      `The ${root.ebs.volumeType} volume type cannot be used for boot volumes. Please use a supported boot volume type: standard,io1,io2,gp2,gp3.`,
    );
  }
  return devices;
}

function checkedEbs(ebs: EbsMapping, deviceName: string, snapshotOf: (id: string) => Snapshot): EbsDevice {
  const { SnapshotId: snapshotId, Encrypted: encrypted, KmsKeyId: kmsKeyId } = ebs;
  if (snapshotId === undefined && ebs.VolumeSize === undefined) {
    throw invalidMapping(`Either snapshot ID or volume size must be provided for: ${deviceName}`);
  }
  if (snapshotId !== undefined && encrypted !== undefined) {
    throw invalidMapping(
      `the encrypted flag cannot be specified since device ${deviceName} has a snapshot specified.`,
    );
  }
  if (kmsKeyId !== undefined) {
    throw invalidParameterCombination(
      'KmsKeyId is not supported in the block device mapping of RegisterImage.',
    );
  }
  const snapshot = snapshotId === undefined ? undefined : snapshotOf(snapshotId);
  const volumeSizeGiB = ebs.VolumeSize ?? snapshot!.facts.volumeSizeGiB;
  if (snapshot && volumeSizeGiB < snapshot.facts.volumeSizeGiB) {
    throw invalidMapping(
      `Volume of size ${volumeSizeGiB}GB is smaller than snapshot '${snapshot.id}', expect size >= ${snapshot.facts.volumeSizeGiB}GB`,
    );
  }
  const volumeType = ebs.VolumeType ?? 'standard';
  checkVolume({ ...ebs, volumeType, volumeSizeGiB });
  return {
    snapshotId,
    volumeSizeGiB,
    volumeType,
    deleteOnTermination: ebs.DeleteOnTermination ?? true,
    encrypted: snapshot?.facts.encrypted ?? encrypted ?? false,
    iops: ebs.Iops,
    throughput: ebs.Throughput,
  };
}

function checkVolume({
  volumeType,
  volumeSizeGiB,
  Iops: iops,
  Throughput: throughput,
  ...rest
}: EbsMapping & { volumeType: VolumeType; volumeSizeGiB: number }): void {
  const [min, max] = volumeSizes[volumeType];
  if (volumeSizeGiB < min || volumeSizeGiB > max) {
    throw ec2Error(
      'InvalidParameterValue',
      `Volume of ${volumeSizeGiB} GiB is ${volumeSizeGiB < min ? 'too small' : 'too large'} for volume type ${volumeType}; ${volumeSizeGiB < min ? 'minimum' : 'maximum'} is ${volumeSizeGiB < min ? min : max} GiB.`,
    );
  }
  const provisioned = volumeType === 'io1' || volumeType === 'io2';
  if (provisioned && iops === undefined) {
    throw ec2Error('MissingParameter', `The parameter iops must be specified for ${volumeType} volumes.`);
  }
  if (iops !== undefined && !provisioned && volumeType !== 'gp3') {
    throw invalidParameterCombination(`The parameter iops is not supported for ${volumeType} volumes.`);
  }
  if (throughput !== undefined && volumeType !== 'gp3') {
    throw invalidParameterCombination(`The parameter throughput is not supported for ${volumeType} volumes.`);
  }
  checkRates(volumeType, volumeSizeGiB, { ...rest, Iops: iops, Throughput: throughput });
}

/** https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html; per GiB in `ratio`. */
const iopsLimits: Readonly<Partial<Record<VolumeType, { min: number; max: number; ratio: number }>>> = {
  gp3: { min: 3000, max: 80_000, ratio: 500 },
  io1: { min: 100, max: 64_000, ratio: 50 },
  io2: { min: 100, max: 256_000, ratio: 1000 },
};
const baselineIops = 3000;
/** MiB/s. */
const throughputLimits = { min: 125, max: 2000, perIops: 0.25 };

function checkRates(
  type: VolumeType,
  sizeGiB: number,
  { Iops: iops, Throughput: throughput }: EbsMapping,
): void {
  const limits = iopsLimits[type];
  if (limits && iops !== undefined) {
    const most = Math.min(limits.max, Math.max(sizeGiB * limits.ratio, type === 'gp3' ? baselineIops : 0));
    if (iops < limits.min || iops > most) {
      throw invalidParameterValue(
        `Volume iops of ${iops} is out of range for ${type} of ${sizeGiB} GiB: ${limits.min} to ${most}.`,
      );
    }
  }
  if (throughput === undefined) return;
  const most = Math.min(throughputLimits.max, (iops ?? baselineIops) * throughputLimits.perIops);
  if (throughput < throughputLimits.min || throughput > most) {
    throw invalidParameterValue(
      `Throughput of ${throughput} MiB/s is out of range: ${throughputLimits.min} to ${most} with these iops.`,
    );
  }
}

function invalidMapping(message: string) {
  return ec2Error('InvalidBlockDeviceMapping', message);
}

export function renderBlockDevice({ deviceName, virtualName, noDevice, ebs }: BlockDevice): XmlElements {
  return {
    deviceName,
    virtualName,
    noDevice,
    ebs: ebs && {
      snapshotId: ebs.snapshotId,
      volumeSize: ebs.volumeSizeGiB,
      deleteOnTermination: ebs.deleteOnTermination,
      volumeType: ebs.volumeType,
      iops: ebs.iops,
      throughput: ebs.throughput,
      encrypted: ebs.encrypted,
    },
  };
}
