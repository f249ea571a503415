import type { XmlElements } from '../../query/xml.ts';
import {
  columnNarrowing,
  type FilterableFields,
  literalNarrowing,
  type NarrowingFields,
} from '../filters.ts';
import type { Resource } from '../resources.ts';
import { tagSet } from '../tags/tag-answer.ts';
import { type BlockDevice, renderBlockDevice } from './block-devices.ts';

export interface ImageFacts {
  readonly ownerId: string;
  readonly name: string;
  readonly description?: string;
  readonly architecture: string;
  readonly virtualizationType: string;
  readonly rootDeviceName?: string;
  readonly blockDevices: readonly BlockDevice[];
  readonly bootMode?: string;
  readonly tpmSupport?: string;
  readonly imdsSupport?: string;
  /** Base64. */
  readonly uefiData?: string;
  readonly enaSupport?: boolean;
  readonly sriovNetSupport?: string;
  readonly kernelId?: string;
  readonly ramdiskId?: string;
  /** What becomes of it; `pending` until `settlesAt`. */
  readonly outcome: 'available' | 'failed' | 'disabled';
  /** Milliseconds since the epoch. */
  readonly settlesAt: number;
  readonly stateReason?: { readonly code: string; readonly message: string };
  readonly deprecatedAt?: number;
  readonly deregistrationProtection?: 'enabled-with-cooldown' | 'enabled-without-cooldown';
  /** Protection that is turned off still holds until then. */
  readonly protectedUntil?: number;
  readonly lastLaunchedAt?: number;
  readonly launchPermissions?: readonly LaunchPermission[];
  readonly sourceInstanceId?: string;
  /** Of one that CopyImage or CreateImage made. */
  readonly sourceImageId?: string;
  readonly sourceImageRegion?: string;
}

export interface LaunchPermission {
  readonly group?: string;
  readonly userId?: string;
  readonly organizationArn?: string;
  readonly organizationalUnitArn?: string;
}

export type Image = Resource<ImageFacts>;
export type ImageState = 'pending' | 'available' | 'failed' | 'disabled';

export function imageState({ settlesAt, outcome }: ImageFacts, now: number): ImageState {
  return settlesAt <= now ? outcome : 'pending';
}

export function isPublic({ launchPermissions = [] }: ImageFacts): boolean {
  return launchPermissions.some(({ group }) => group === 'all');
}

/**
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deprecate.html: that of a public AMI is two years after it was
 * made, unless an earlier one is set.
 */
function deprecationTime({ createdAt, facts }: Image): Date | undefined {
  const latest = isPublic(facts) ? latestOfPublic(createdAt) : Number.POSITIVE_INFINITY;
  const time = Math.min(facts.deprecatedAt ?? Number.POSITIVE_INFINITY, latest);
  return Number.isFinite(time) ? new Date(time) : undefined;
}

export function latestOfPublic(createdAt: number): number {
  const latest = new Date(createdAt);
  return latest.setUTCFullYear(latest.getUTCFullYear() + 2);
}

function imageLocation({ ownerId, name }: ImageFacts): string {
  return `${ownerId}/${name}`;
}

export function protectionOf({ deregistrationProtection, protectedUntil }: ImageFacts, now: number): string {
  if (deregistrationProtection) return deregistrationProtection;
  return protectedUntil !== undefined && protectedUntil > now
    ? `disabled-with-cooldown-until-${new Date(protectedUntil).toISOString()}`
    : 'disabled';
}

/** Every field that EC2 shows of an AMI which its owner registered from snapshots. */
export function describedImage(image: Image, now: number): XmlElements {
  const { id, createdAt, facts, tags } = image;
  return {
    imageId: id,
    imageLocation: imageLocation(facts),
    imageState: imageState(facts, now),
    imageOwnerId: facts.ownerId,
    creationDate: new Date(createdAt),
    isPublic: isPublic(facts),
    architecture: facts.architecture,
    imageType: 'machine',
    kernelId: facts.kernelId,
    ramdiskId: facts.ramdiskId,
    platformDetails: 'Linux/UNIX',
    usageOperation: 'RunInstances',
    sriovNetSupport: facts.sriovNetSupport,
    enaSupport: facts.enaSupport,
    stateReason: facts.stateReason && { ...facts.stateReason },
    name: facts.name,
    description: facts.description,
    rootDeviceType: 'ebs',
    rootDeviceName: facts.rootDeviceName,
    blockDeviceMapping: { item: facts.blockDevices.map(renderBlockDevice) },
    virtualizationType: facts.virtualizationType,
    tagSet: tagSet(tags),
    hypervisor: 'xen',
    bootMode: facts.bootMode,
    tpmSupport: facts.tpmSupport,
    imdsSupport: facts.imdsSupport,
    sourceInstanceId: facts.sourceInstanceId,
    sourceImageId: facts.sourceImageId,
    sourceImageRegion: facts.sourceImageRegion,
    deprecationTime: deprecationTime(image),
    deregistrationProtection: protectionOf(facts, now),
    lastLaunchedTime: facts.lastLaunchedAt === undefined ? undefined : new Date(facts.lastLaunchedAt),
    freeTierEligible: true,
  };
}

export function imageFilters(now: number): FilterableFields<Image> {
  const ofDevices =
    <V extends string | number | boolean>(pick: (device: BlockDevice) => V | undefined) =>
    ({ facts }: Image) =>
      facts.blockDevices.flatMap((device) => pick(device) ?? []);
  return {
    architecture: ({ facts }) => facts.architecture,
    'block-device-mapping.delete-on-termination': ofDevices(({ ebs }) => ebs?.deleteOnTermination),
    'block-device-mapping.device-name': ofDevices(({ deviceName }) => deviceName),
    'block-device-mapping.encrypted': ofDevices(({ ebs }) => ebs?.encrypted),
    'block-device-mapping.snapshot-id': ofDevices(({ ebs }) => ebs?.snapshotId),
    'block-device-mapping.volume-size': ofDevices(({ ebs }) => ebs?.volumeSizeGiB),
    'block-device-mapping.volume-type': ofDevices(({ ebs }) => ebs?.volumeType),
    'boot-mode': ({ facts }) => facts.bootMode,
    'creation-date': ({ createdAt }) => new Date(createdAt).toISOString(),
    description: ({ facts }) => facts.description,
    'ena-support': ({ facts }) => facts.enaSupport,
    'free-tier-eligible': () => true,
    hypervisor: () => 'xen',
    'image-allowed': () => undefined,
    'image-id': ({ id }) => id,
    'image-type': () => 'machine',
    'is-public': ({ facts }) => isPublic(facts),
    'kernel-id': ({ facts }) => facts.kernelId,
    'manifest-location': ({ facts }) => imageLocation(facts),
    name: ({ facts }) => facts.name,
    'owner-alias': () => undefined,
    'owner-id': ({ facts }) => facts.ownerId,
    platform: () => undefined,
    'product-code': () => undefined,
    'product-code.type': () => undefined,
    'ramdisk-id': ({ facts }) => facts.ramdiskId,
    'root-device-name': ({ facts }) => facts.rootDeviceName,
    'root-device-type': () => 'ebs',
    'source-image-id': ({ facts }) => facts.sourceImageId,
    'source-image-region': ({ facts }) => facts.sourceImageRegion,
    'source-instance-id': ({ facts }) => facts.sourceInstanceId,
    'sriov-net-support': ({ facts }) => facts.sriovNetSupport,
    state: ({ facts }) => imageState(facts, now),
    'state-reason-code': ({ facts }) => facts.stateReason?.code,
    'state-reason-message': ({ facts }) => facts.stateReason?.message,
    'tpm-support': ({ facts }) => facts.tpmSupport,
    'virtualization-type': ({ facts }) => facts.virtualizationType,
  };
}

export const imageNarrowing: NarrowingFields = {
  'image-id': columnNarrowing('id'),
  name: columnNarrowing('name'),
  'block-device-mapping.snapshot-id': literalNarrowing(({ sql, parameters }) => ({
    sql: `id IN (SELECT image_id FROM ec2_image_snapshot WHERE snapshot_id IN ${sql})`,
    parameters,
  })),
};
