import type { Image } from '@aws-sdk/client-ec2';
import {
  foreignImageOrigin,
  hasFailedProof,
  lacksHoles,
  readProvenance,
  type Tags,
  tagRecord,
  whyNotOurImage,
  whyNotOurSnapshot,
} from '@ec2-image/provenance';
import type { SnapshotFacts } from '../snapshot/snapshot.ts';
import { whyNotEncryption } from '../snapshot/wanted-snapshot.ts';
import { deviceDifferences, type FoundDevices } from './block-devices.ts';
import type { WantedAmi } from './wanted-ami.ts';

/** The AMI that has the wanted name, as EC2 reports it. */
export interface AmiFacts {
  readonly imageId: string;
  readonly region: string;
  readonly name: string;
  readonly state: string;
  readonly stateReason?: string;
  readonly ownerId?: string;
  readonly creationDate?: string;
  readonly architecture?: string;
  readonly bootMode?: string;
  readonly tpmSupport?: string;
  readonly imdsSupport?: string;
  /** Base64; known only where it was asked for. */
  readonly uefiData?: string;
  readonly devices: FoundDevices;
  readonly protected: boolean;
  /** Of all its block devices. */
  readonly snapshotIds: readonly string[];
  /** Of its root device. */
  readonly rootSnapshotId?: string;
  /** Its root device. */
  readonly encrypted?: boolean;
  /** Other AMIs of the account that have its root snapshot; known only where one of its own was asked for. */
  readonly sharedWith?: readonly string[];
  /** Why it was not registered by ec2-image, as a predicate: "is a copy of ami-…". */
  readonly foreignOrigin?: string;
  readonly tags: Tags;
  /** Those of the snapshot of its root device, as far as that could be read. */
  readonly snapshotTags?: Tags;
}

/** @param region where it was described */
export function amiFacts(image: Image, region: string): AmiFacts {
  const tags = tagRecord(image.Tags);
  const devices = image.BlockDeviceMappings ?? [];
  const root = devices.find(({ DeviceName }) => DeviceName === image.RootDeviceName) ?? devices[0];
  return {
    imageId: image.ImageId ?? '',
    region,
    name: image.Name ?? '',
    state: image.State ?? 'unknown',
    stateReason: image.StateReason?.Message || undefined,
    ownerId: image.OwnerId,
    creationDate: image.CreationDate,
    architecture: image.Architecture,
    bootMode: image.BootMode,
    tpmSupport: image.TpmSupport,
    imdsSupport: image.ImdsSupport,
    devices: { rootDeviceName: image.RootDeviceName, mappings: devices },
    protected: (image.DeregistrationProtection ?? 'disabled').startsWith('enabled'),
    snapshotIds: devices.flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []),
    rootSnapshotId: root?.Ebs?.SnapshotId,
    encrypted: root?.Ebs?.Encrypted,
    foreignOrigin: foreignImageOrigin(image, { region, tags }),
    tags,
  };
}

/**
 * What the AMI of a wanted name is to us: `ours`, to be used; ours and `failed`, of no use to anybody; ours and `disabled` by
 * somebody; ours, but `different` from what is asked; or `foreign`.
 */
export type AmiVerdict =
  | { readonly kind: 'ours' | 'failed' | 'disabled' | 'foreign'; readonly ami: AmiFacts }
  | { readonly kind: 'different'; readonly ami: AmiFacts; readonly differences: readonly string[] };

/** Of an AMI that is right, where a new one is asked for. */
export const freshDifference = '--fresh requests a new one';

/** Of an AMI that is right for whoever asks for no more. */
export const lacksHolesDifference = 'its snapshot was written with --omit-holes';

const unusableStates = new Set(['failed', 'error', 'invalid']);

/** `snapshot`: that of its root device, as far as it could be read. */
export function judgeAmi({
  ami,
  snapshot,
  wanted,
}: {
  readonly ami: AmiFacts;
  readonly snapshot?: Pick<SnapshotFacts, 'snapshotId' | 'tags' | 'origin' | 'encrypted' | 'kmsKeyId'>;
  readonly wanted: WantedAmi;
}): AmiVerdict {
  if (ami.foreignOrigin !== undefined) return { kind: 'foreign', ami };
  const ownDigest = readProvenance(ami.tags)?.digest;
  const isWanted = wanted.snapshotId !== undefined && ami.rootSnapshotId === wanted.snapshotId;
  const snapshotDigest =
    readProvenance(snapshot?.tags ?? {})?.digest ?? (isWanted ? wanted.digest : undefined);
  const proven =
    whyNotOurImage(ami) === undefined ||
    isWanted ||
    (snapshot !== undefined && whyNotOurSnapshot(snapshot) === undefined);
  if (!proven) return { kind: 'foreign', ami };

  const differences: string[] = [];
  // Tags say whose it is; what is in it, its snapshot's say. Both must name the image where both are there.
  if (snapshotDigest && snapshotDigest !== wanted.digest)
    differences.push(`its snapshot holds ${snapshotDigest}`);
  else if (ownDigest && ownDigest !== wanted.digest) differences.push(`it was made from ${ownDigest}`);
  differences.push(...firmwareDifferences(ami, wanted), ...deviceDifferences(ami.devices, wanted));
  if (hasFailedProof(snapshot?.tags ?? {})) differences.push('its snapshot has failed its proof');
  const encryption = whyNotEncryption({ found: snapshot ?? ami, wanted });
  if (encryption) differences.push(`its snapshot ${encryption}`);
  const [other] = ami.sharedWith ?? [];
  if (other !== undefined) differences.push(`its snapshot is also that of ${other}`);
  if (wanted.allowHoles === false && lacksHoles(snapshot?.tags ?? {})) differences.push(lacksHolesDifference);
  if (differences.length > 0) return { kind: 'different', ami, differences };
  if (unusableStates.has(ami.state)) return { kind: 'failed', ami };
  return { kind: ami.state === 'disabled' ? 'disabled' : 'ours', ami };
}

/** Nothing of these can be changed, but that IMDSv2 can be required later on. */
function firmwareDifferences(ami: AmiFacts, wanted: WantedAmi): string[] {
  const differences: string[] = [];
  for (const property of ['architecture', 'bootMode', 'tpmSupport', 'imdsSupport'] as const) {
    const asked = wanted[property];
    // EC2 omits what is not set.
    if (!asked || (ami[property] ?? 'none') === asked) continue;
    // It always sets an architecture, so only an emulator omits that.
    if (property === 'architecture' && !ami.architecture) continue;
    if (property === 'imdsSupport' && asked !== 'none') continue;
    differences.push(
      `its ${property} is ${ami[property] ?? 'not set'}, not ${asked === 'none' ? 'unset' : asked}`,
    );
  }
  if (wanted.uefiData !== undefined && ami.uefiData !== wanted.uefiData)
    differences.push(`its UEFI data is ${ami.uefiData === undefined ? 'not set' : 'another'}`);
  return differences;
}
