import type { DeviceSetting } from '../options/kinds/ami.ts';
import { label, located, type Origin } from './origin.ts';
import type { Setting } from './s3-settings.ts';
import { type VolumeSettings, whyNotVolume } from './volume-rules.ts';

/** A device besides the root device, as the options ask for it; sizes in GiB, throughput in MiB/s. */
export interface RequestedDevice {
  readonly deviceName: string;
  /** An instance store; then there is nothing else. */
  readonly virtualName?: string;
  readonly volume?: VolumeSettings & {
    readonly snapshotId?: string;
    readonly encrypted?: boolean;
    readonly deleteOnTermination: boolean;
  };
}

export interface RequestedVolumes {
  /** Undefined: `/dev/sda1` for a new AMI, and any will do of one that exists. */
  readonly rootDevice?: string;
  /** Only what was asked for. */
  readonly rootVolume: Partial<VolumeSettings>;
  readonly devices?: readonly RequestedDevice[];
}

export const defaultRootDevice = '/dev/sda1';
export const defaultVolumeType = 'gp3';

/** @throws UsageError `BAD_VOLUME`, `BAD_DEVICE`, `DUPLICATE_DEVICE` */
export function volumesOf(setting: Setting, origin: Origin): RequestedVolumes {
  const rootDevice = setting('root-device');
  const rootVolume = {
    type: setting('volume-type'),
    sizeGiB: setting('volume-size'),
    iops: setting('volume-iops'),
    throughput: setting('volume-throughput'),
  };
  const root = rootDevice ?? defaultRootDevice;
  const checked = { ...rootVolume, type: rootVolume.type ?? defaultVolumeType };
  requireVolume(checked, { device: root, isRoot: true, origin });
  const devices = setting('devices')?.map((device) => deviceOf(device, origin));
  const seen = new Map([[hardwareOf(root), root]]);
  for (const { deviceName } of devices ?? []) {
    const other = seen.get(hardwareOf(deviceName));
    if (other !== undefined) throw duplicate(deviceName, other, origin);
    seen.set(hardwareOf(deviceName), deviceName);
  }
  return { rootDevice, rootVolume, devices };
}

function deviceOf(given: DeviceSetting, origin: Origin): RequestedDevice {
  const { device: deviceName, 'virtual-name': virtualName, snapshot: snapshotId, encrypt, size } = given;
  const { 'delete-on-termination': deleteOnTermination } = given;
  const wrong = (problem: string, hint: string) =>
    located('BAD_DEVICE', `${label(origin)}devices: ${deviceName} ${problem}`, origin, {
      hint,
      facts: { device: deviceName },
    });
  if (virtualName !== undefined) {
    const other = Object.keys(given).find((key) => key !== 'device' && key !== 'virtual-name');
    if (other !== undefined)
      throw wrong(
        `has both virtual-name and ${other}`,
        'An instance store has a device and a virtual-name alone.',
      );
    return { deviceName, virtualName };
  }
  if (size === undefined && snapshotId === undefined)
    throw wrong('has neither size nor snapshot', 'Give its size in GiB, a snapshot, or a virtual-name.');
  if (snapshotId !== undefined && encrypt !== undefined)
    throw wrong('has both snapshot and encrypt', 'Leave encrypt out: the snapshot decides.');
  const volume = {
    type: given.type ?? defaultVolumeType,
    sizeGiB: size,
    iops: given.iops,
    throughput: given.throughput,
    snapshotId,
    encrypted: encrypt,
    deleteOnTermination: deleteOnTermination ?? true,
  };
  requireVolume(volume, { device: deviceName, isRoot: false, origin });
  return { deviceName, volume };
}

function requireVolume(
  volume: VolumeSettings,
  { device, isRoot, origin }: { readonly device: string; readonly isRoot: boolean; readonly origin: Origin },
): void {
  const reason = whyNotVolume(volume, { isRoot });
  if (reason === undefined) return;
  throw located('BAD_VOLUME', `${label(origin)}${device}: ${reason}`, origin, {
    hint: badVolumeHint,
    facts: { device, ...volume },
  });
}

export const badVolumeHint = 'Correct size, type, IOPS or throughput of the volume.';

/** `/dev/sdb` and `/dev/xvdb` are two names for one device of an instance, `/dev/sda` and `/dev/sda1` likewise. */
function hardwareOf(deviceName: string): string {
  return deviceName.replace(/^\/dev\/(?:sd|hd|xvd)/, '').replace(/^a1$/, 'a');
}

function duplicate(deviceName: string, other: string, origin: Origin) {
  const what =
    deviceName === other
      ? `two devices have the name ${deviceName}`
      : `${deviceName} and ${other} are one device`;
  return located('DUPLICATE_DEVICE', `${label(origin)}devices: ${what}`, origin, {
    hint: 'Give each device a name of its own; the root device is that of root-device.',
    facts: { device: deviceName },
  });
}
