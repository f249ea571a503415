import type { CommandName } from './large-account.ts';
import type { AllowedCalls, CallCounts } from './run-command.ts';
import { type AccountSize, leftovers, versions } from './seed-account.ts';

/** What AWS gives of a list at a time. */
const pageSize = 1000;
/** What DescribeImageReferences takes at a time. */
const referencesAtOnce = 10;

/** Lists of what may use an AMI, read whole where one is examined. */
const users = [
  'DescribeLaunchConfigurations',
  'DescribeLaunchTemplates',
  'DescribeAutoScalingGroups',
  'DescribeFleets',
  'DescribeSpotFleetRequests',
  'DescribeSpotInstanceRequests',
];

/** How long `retire --apply` believes a list of users. */
const usersAgeSeconds = 60;

/**
 * The calls that each command needs: one for each page of a list, and those for what it examines or changes.
 *
 * @param options.seconds that the command took: what may use an AMI is read again while AMIs are changed
 */
export function expectedCalls(
  { images, regions, ...inRegion }: AccountSize,
  { seconds }: { readonly seconds: number },
): Record<CommandName, AllowedCalls> {
  const everywhere = (counts: CallCounts): CallCounts =>
    Object.fromEntries(
      Object.entries(counts).map(([operation, count]) => [operation, count * regions.length]),
    );
  const amis = images * versions.length;
  /** One of each image: the older. */
  const retired = images;
  const lists = {
    DescribeImportSnapshotTasks: 1,
    DescribeSnapshots: Math.ceil(inRegion.snapshots / pageSize),
    DescribeImages: Math.ceil((amis + leftovers.images) / pageSize),
  };
  const each = (operations: readonly string[], count: number): CallCounts =>
    Object.fromEntries(operations.map((operation) => [operation, count]));
  const examined = (count: number): CallCounts => ({
    ...each(users, 1),
    DescribeImageReferences: Math.ceil(count / referencesAtOnce),
    // Launch permissions, and the last launch.
    DescribeImageAttribute: 2 * count,
  });
  const references = Math.ceil(retired / referencesAtOnce);
  const caller = { GetCallerIdentity: 1 };
  return {
    plan: {
      ...everywhere({ ...caller, DescribeImageAttribute: images, DescribeSnapshotAttribute: images }),
      DescribeRegions: 1,
      // In each region by its origin, by its id, and by its snapshot; at home by its name, and for its settings.
      DescribeImages: images * (3 * regions.length + 1),
      DescribeSnapshots: images,
    },
    list: {
      ...caller,
      ...everywhere({
        ...lists,
        DescribeImageAttribute: amis + leftovers.images,
        DescribeImageReferences: Math.ceil((amis + leftovers.images) / referencesAtOnce),
      }),
    },
    janitor: {
      ...caller,
      ...everywhere({
        ...lists,
        ...examined(leftovers.images),
        GetBucketVersioning: 1,
        ListMultipartUploads: 1,
        // And the bucket's root.
        ListObjectsV2: Math.ceil(inRegion.objects / pageSize) + 1,
        ...each(
          [
            'DescribeSnapshotAttribute',
            'DescribeLockedSnapshots',
            'DescribeFastSnapshotRestores',
            'DescribeSnapshotTierStatus',
          ],
          leftovers.snapshots,
        ),
        // Those of boot tests.
        DescribeInstances: 1,
        HeadObject: leftovers.objects,
        GetObjectTagging: leftovers.objects,
      }),
      // In another region than its own a bucket answers where it is.
      HeadBucket: 2 * regions.length - 1,
    },
    retire: { ...caller, ...everywhere({ ...lists, ...examined(retired) }) },
    'retire --apply': {
      ...caller,
      // Once for the plan, once to carry it out, and again where they are older than a minute.
      ...Object.fromEntries(
        users.map((operation) => [
          operation,
          {
            atLeast: 2 * regions.length,
            atMost: (2 + Math.floor(seconds / usersAgeSeconds)) * regions.length,
          },
        ]),
      ),
      ...everywhere({
        DescribeImportSnapshotTasks: lists.DescribeImportSnapshotTasks + retired,
        DescribeSnapshots: lists.DescribeSnapshots + retired,
        // Itself, its stream, and whether it is deprecated then.
        DescribeImages: lists.DescribeImages + 3 * retired,
        DescribeImageReferences: references + retired,
        DescribeImageAttribute: 4 * retired,
        EnableImageDeprecation: retired,
      }),
    },
  };
}
