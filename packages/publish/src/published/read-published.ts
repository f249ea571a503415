import {
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotsCommand,
  type Image,
} from '@aws-sdk/client-ec2';
import { allPages, findConsistently, refusedCodeOf } from '@ec2-image/aws-call';
import { tagRecord } from '@ec2-image/provenance';
import { granteeOf } from '../audience.ts';
import { createEc2, type Ec2, type Ec2Options, readSeen } from '../ec2.ts';
import { PublishError } from '../errors.ts';
import type { ParameterValue } from '../parameters/read-parameters.ts';
import type { PublishedAmi, PublishedSnapshot } from './published-ami.ts';

export interface ReadPublishedOptions extends Ec2Options {
  readonly region: string;
  readonly imageId: string;
  /** How to read the SSM parameters that are asked for. Default: none are. */
  readonly readParameters?: () => Promise<readonly ParameterValue[]>;
}

/**
 * What an AMI is in a region: its state, its permissions and those of its snapshots, deprecation, protection, and SSM parameters.
 *
 * @throws PublishError `PUBLISHED_AMI_MISSING` after several reads; and the codes of a call
 */
export async function readPublished(options: ReadPublishedOptions): Promise<PublishedAmi> {
  const { region, imageId, readParameters = async () => [] } = options;
  const ec2 = createEc2(options);
  const image = await findConsistently(ec2, () => describeAmi(ec2, imageId));
  if (!image) {
    throw new PublishError('PUBLISHED_AMI_MISSING', `EC2 does not show ${imageId} in ${region}`, {
      hint: 'If it was deregistered, the next run copies again.',
      resumable: true,
      facts: { imageId, region },
    });
  }
  const [grantees, snapshots, parameters] = await Promise.all([
    readLaunchPermissions(ec2, imageId),
    readSnapshots(ec2, image),
    readParameters(),
  ]);
  return { ...publishedFacts(image, region), grantees, snapshots, parameters };
}

/** The AMI as DescribeImages gives it; undefined where it shows none. */
export async function describeAmi(ec2: Ec2, imageId: string): Promise<Image | undefined> {
  try {
    const { Images } = await ec2.send(
      new DescribeImagesCommand({ ImageIds: [imageId], IncludeDeprecated: true, IncludeDisabled: true }),
    );
    return Images?.[0];
  } catch (error) {
    if (/^InvalidAMIID\.(?:NotFound|Unavailable)$/.test(refusedCodeOf(error) ?? '')) return undefined;
    throw error;
  }
}

export function publishedFacts(
  image: Image,
  region: string,
): Omit<PublishedAmi, 'grantees' | 'snapshots' | 'parameters'> {
  return {
    region,
    imageId: image.ImageId!,
    name: image.Name ?? '',
    state: image.State ?? 'unknown',
    architecture: image.Architecture,
    ownerId: image.OwnerId,
    creationDate: image.CreationDate,
    tags: tagRecord(image.Tags),
    deprecatedAt: image.DeprecationTime ? Date.parse(image.DeprecationTime) : undefined,
    protection: image.DeregistrationProtection ?? 'disabled',
  };
}

async function readLaunchPermissions(ec2: Ec2, ImageId: string): Promise<string[]> {
  const { LaunchPermissions = [] } = await readSeen(ec2, () =>
    ec2.send(new DescribeImageAttributeCommand({ ImageId, Attribute: 'launchPermission' })),
  );
  return LaunchPermissions.flatMap(granteeOf).sort();
}

async function readSnapshots(ec2: Ec2, image: Image): Promise<PublishedSnapshot[]> {
  const devices = (image.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => (Ebs?.SnapshotId ? [Ebs] : []));
  const byId = new Map(devices.map((device) => [device.SnapshotId!, device]));
  return Promise.all(
    [...byId].map(async ([snapshotId, { Encrypted = false }]) => {
      const [{ CreateVolumePermissions = [] }, amis, kmsKeyId] = await Promise.all([
        readSeen(ec2, () =>
          ec2.send(
            new DescribeSnapshotAttributeCommand({
              SnapshotId: snapshotId,
              Attribute: 'createVolumePermission',
            }),
          ),
        ),
        describeAmisOf(ec2, snapshotId),
        Encrypted ? readKmsKey(ec2, snapshotId) : undefined,
      ]);
      return {
        snapshotId,
        encrypted: Encrypted,
        ...(kmsKeyId !== undefined && { kmsKeyId }),
        grantees: CreateVolumePermissions.flatMap(granteeOf).sort(),
        isSharedByAmis: amis.some(({ ImageId }) => ImageId !== image.ImageId),
      };
    }),
  );
}

async function readKmsKey(ec2: Ec2, snapshotId: string): Promise<string | undefined> {
  const { Snapshots } = await readSeen(ec2, () =>
    ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshotId] })),
  );
  return Snapshots?.[0]?.KmsKeyId;
}

function describeAmisOf(ec2: Ec2, snapshotId: string): Promise<Image[]> {
  return allPages(async (NextToken) => {
    const { Images, NextToken: nextToken } = await ec2.send(
      new DescribeImagesCommand({
        Owners: ['self'],
        Filters: [{ Name: 'block-device-mapping.snapshot-id', Values: [snapshotId] }],
        IncludeDeprecated: true,
        IncludeDisabled: true,
        MaxResults: 100,
        NextToken,
      }),
    );
    return { items: Images, nextToken };
  });
}
