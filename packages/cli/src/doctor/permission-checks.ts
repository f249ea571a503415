import {
  DescribeImportSnapshotTasksCommand,
  DescribeTagsCommand,
  ImportSnapshotCommand,
  RegisterImageCommand,
  type TagSpecification,
} from '@aws-sdk/client-ec2';
import { refusedCodeOf } from '@ec2-image/aws-call';
import type { Permission } from '../iam/permission.ts';
import { importPolicies, permissionTable } from '../iam/policy-document.ts';
import { targetArns } from '../iam/policy-scope.ts';
import { importerFix } from './account-fixes.ts';
import type { Evidence, Need } from './evidence.ts';
import { keyPermissions } from './key-checks.ts';
import type { Place } from './places.ts';
import { type CheckReport, check, type PermissionReport, permissionFinding } from './report.ts';
import { volumeKeyNeeds } from './role-needs.ts';
import type { Scene } from './scene.ts';
import { simulate } from './simulate.ts';
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
    const reports = await Promise.all(needsOf(scene, place).map((need) => ofNeed(scene, need, evidence)));
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
    return permissionFinding([...reports.flat(), ...ofKeys.flat()], importerFix(scene, place, keys));
  });
}

interface ResourceNeed {
  readonly actions: readonly string[];
  readonly resource: string;
  /** What the call says of itself that the policy asks for. */
  readonly context: Readonly<Record<string, string>>;
}

/** Of the one table; keys have policies of their own, and come by themselves. */
function needsOf({ region, account }: Scene, place: Place): ResourceNeed[] {
  const { bucket, keyPrefix } = place;
  const scope = {
    regions: [region],
    buckets: bucket === undefined ? [] : [bucket],
    keyPrefixes: [keyPrefix],
    account,
  };
  const ofKeys = new Set(['snapshot-keys', 'object-keys']);
  const ofBucket = new Set(['bucket', 'objects']);
  const published = place.publishes ? permissionTable.publish : [];
  const needs = [...importPolicies(place).flatMap((name) => permissionTable[name]), ...published]
    .filter(
      ({ on }) => !on.some((target) => ofKeys.has(target) || (bucket === undefined && ofBucket.has(target))),
    )
    .flatMap(({ actions, on, condition }) =>
      on.flatMap((target) =>
        targetArns(target, scope).map((resource) => ({ actions, resource, context: meeting(condition) })),
      ),
    );
  return byResource(needs);
}

/** What both an import and publishing need is asked once. */
function byResource(needs: readonly ResourceNeed[]): ResourceNeed[] {
  const actions = new Map<string, Set<string>>();
  return needs.flatMap((need) => {
    const asked = actions.get(need.resource) ?? new Set();
    actions.set(need.resource, asked);
    const open = need.actions.filter((action) => !asked.has(action));
    for (const action of open) asked.add(action);
    return open.length > 0 ? { ...need, actions: open } : [];
  });
}

/** Values that a condition of the table is true for. */
function meeting(condition: Permission['condition'] = {}): Record<string, string> {
  const wanted = Object.values(condition).flatMap((keys) => Object.entries(keys));
  return Object.fromEntries(
    wanted.map(([key, values]) => [key, [values].flat()[0]!.replaceAll('*', 'ec2-image-doctor')]),
  );
}

/** What a call has shown counts; the rest is simulated. */
async function ofNeed(
  scene: Scene,
  { actions, resource, context }: ResourceNeed,
  evidence: Evidence,
): Promise<PermissionReport[]> {
  const shown = actions.map((action) => evidence.of(action, resource));
  const open = actions.filter((_, index) => shown[index] === undefined);
  const { caller } = scene;
  const simulated =
    open.length === 0
      ? []
      : await simulate(scene, {
          source: caller.source,
          context,
          // IAM simulates one resource, not a pattern.
          wanted: {
            actions: open,
            resource: resource.replace(/\*$/, resource === '*' ? '*' : 'ec2-image-doctor'),
          },
          unprovable: caller.unprovable,
        });
  return [
    ...shown.flatMap((report) => report ?? []),
    ...simulated.map((report) => ({ ...report, resource })),
  ];
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
