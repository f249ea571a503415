import {
  DescribeImportSnapshotTasksCommand,
  DescribeTagsCommand,
  ImportSnapshotCommand,
  RegisterImageCommand,
  type TagSpecification,
} from '@aws-sdk/client-ec2';
import { refusedCodeOf } from '@ec2-image/aws-call';
import { importPolicies } from '../iam/policy-document.ts';
import { importerFix, retirerFix } from './account-fixes.ts';
import type { Evidence, Need } from './evidence.ts';
import type { Fix } from './fix.ts';
import { keyPermissions } from './key-checks.ts';
import { askPermissions } from './permission-needs.ts';
import type { Place } from './places.ts';
import { type CheckReport, check, permissionFinding } from './report.ts';
import { volumeKeyNeeds } from './role-needs.ts';
import type { Scene } from './scene.ts';
import type { KeyFacts } from './uses.ts';

export interface PermissionUse {
  readonly place: Place;
  readonly evidence: Evidence;
  readonly snapshotKey?: KeyFacts | undefined;
  readonly objectKey?: KeyFacts | undefined;
}

/** Every permission that the table has for an import of this kind. */
export function checkPermissions(scene: Scene, use: PermissionUse): Promise<CheckReport> {
  const { place, evidence, snapshotKey, objectKey } = use;
  return check(`permissions of import${place.via === 'ebs' ? ' by way of EBS' : ''}`, async () => {
    await tryCalls(scene, use);
    const names = [...importPolicies(place), ...(place.publishesTo ? (['publish'] as const) : [])];
    const reports = await askPermissions(scene, { names, place, evidence });
    const ofKeys = await Promise.all([
      ...(snapshotKey && place.via === 'ebs'
        ? [keyPermissions(scene, { key: snapshotKey, actions: volumeKeyNeeds, via: 'ec2' })]
        : []),
      ...(objectKey
        ? [
            keyPermissions(scene, {
              key: objectKey,
              actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
              via: 's3',
            }),
          ]
        : []),
    ]);
    const keys = {
      objectKeys: objectKey ? [objectKey.arn] : [],
      snapshotKeys: snapshotKey ? [snapshotKey.arn] : [],
    };
    return permissionFinding([...reports, ...ofKeys.flat()], importerFix(scene, place, keys));
  });
}

export interface RegionUse {
  readonly evidence: Evidence;
  readonly snapshotKey?: KeyFacts | undefined;
  /** What would let the caller publish. */
  readonly fix?: Fix | undefined;
}

/** Every permission that publishing needs in a region besides that of the import. */
export function checkPublishPermissions(
  scene: Scene,
  { evidence, snapshotKey, fix }: RegionUse,
): Promise<CheckReport> {
  return check('permissions of publish', async () => {
    const reports = await askPermissions(scene, { names: ['publish'], evidence });
    const ofKey = snapshotKey
      ? await keyPermissions(scene, { key: snapshotKey, actions: volumeKeyNeeds, via: 'ec2' })
      : [];
    return permissionFinding([...reports, ...ofKey], fix);
  });
}

/** What retiring old AMIs needs. No import does: whoever runs `retire` may be somebody else. */
export function checkRetirePermissions(scene: Scene, evidence: Evidence): Promise<CheckReport> {
  return check('permissions of retire', async () => {
    const reports = await askPermissions(scene, { names: ['retire'], evidence });
    const finding = permissionFinding(reports, retirerFix(scene));
    return finding.state === 'failed' ? { ...finding, state: 'warning' } : finding;
  });
}

/** A call with DryRun asks for the permission and does nothing, whether or not what it names is there. */
async function tryCalls(scene: Scene, { place, evidence }: PermissionUse): Promise<void> {
  const { region, account, partition, senders, signal } = scene;
  const { ec2 } = senders;
  const arn = (type: string, owner = '') => `arn:${partition}:ec2:${region}:${owner}:${type}/*`;
  const [image, snapshot] = [arn('image'), arn('snapshot')];
  const task = arn('import-snapshot-task', account);
  const tagsOf = (type: TagSpecification['ResourceType']): TagSpecification[] => [
    { ResourceType: type, Tags: [{ Key: 'Name', Value: 'ec2-image-doctor' }] },
  ];
  const attempt = async (need: Need, call: () => Promise<unknown>) => {
    // What else it fails with says nothing about permissions.
    await evidence.attempt(need, call).catch(() => signal.throwIfAborted());
  };
  const dryRun = {
    by: 'dry-run',
    passes: (error: unknown) => refusedCodeOf(error) === 'DryRunOperation',
  } as const;
  const { bucket, keyPrefix, role } = place;
  await Promise.all([
    attempt({ needs: [['ec2:DescribeTags', '*']] }, () =>
      ec2.send(new DescribeTagsCommand({ MaxResults: 5 })),
    ),
    attempt({ needs: [['ec2:DescribeImportSnapshotTasks', '*']] }, () =>
      ec2.send(new DescribeImportSnapshotTasksCommand({ MaxResults: 5 })),
    ),
    attempt(
      {
        ...dryRun,
        needs: [
          ['ec2:RegisterImage', image],
          ['ec2:RegisterImage', snapshot],
          ['ec2:CreateTags', image],
        ],
      },
      () =>
        ec2.send(
          new RegisterImageCommand({
            ...{ DryRun: true, Name: 'ec2-image-doctor', Architecture: 'x86_64', VirtualizationType: 'hvm' },
            RootDeviceName: '/dev/xvda',
            BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: noSnapshot } }],
            TagSpecifications: tagsOf('image'),
          }),
        ),
    ),
    ...(bucket === undefined
      ? []
      : [
          attempt(
            {
              ...dryRun,
              needs: [
                ['ec2:ImportSnapshot', task],
                ['ec2:ImportSnapshot', snapshot],
                ['ec2:CreateTags', task],
              ],
            },
            () =>
              ec2.send(
                new ImportSnapshotCommand({
                  ...{ DryRun: true, RoleName: role, TagSpecifications: tagsOf('import-snapshot-task') },
                  DiskContainer: {
                    Format: 'RAW',
                    UserBucket: { S3Bucket: bucket, S3Key: `${keyPrefix}ec2-image-doctor` },
                  },
                }),
              ),
          ),
        ]),
  ]);
}

/** Well formed, and nobody's. */
const noSnapshot = 'snap-00000000000000000';
