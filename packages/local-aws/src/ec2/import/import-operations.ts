import type { CallConditions } from '../../conditions/conditions.ts';
import { boolean, double, list, required, string, structure, timestamp } from '../../query/shape.ts';
import { oncePerToken } from '../client-tokens.ts';
import { ec2Error, invalidParameterValue } from '../errors.ts';
import { filterList } from '../filters.ts';
import { listResources, rendered } from '../listing.ts';
import { type Ec2Context, operation } from '../operation.ts';
import { pageFields } from '../paging.ts';
import { hasRoomForSnapshot } from '../snapshots/snapshot-quotas.ts';
import { specifiedTags, tagSpecifications } from '../tags/tag-rules.ts';
import { importEncryption } from './import-encryption.ts';
import { checkTaskCount } from './import-quota.ts';
import {
  type DiskFormat,
  describedTask,
  type ImportTask,
  type ImportTaskFacts,
  isListed,
  taskFilters,
} from './import-task.ts';
import { enqueue } from './task-queue.ts';

const defaultRole = 'vmimport';
const defaultStall = 19;

export const importSnapshot = operation({
  fields: {
    ClientData: structure({
      Comment: string,
      UploadStart: timestamp,
      UploadEnd: timestamp,
      UploadSize: double,
    }),
    ClientToken: string,
    Description: string,
    DiskContainer: required(
      structure({
        Description: string,
        Format: string,
        Url: string,
        UserBucket: structure({ S3Bucket: string, S3Key: string }),
      }),
    ),
    Encrypted: boolean,
    KmsKeyId: string,
    RoleName: string,
    TagSpecification: tagSpecifications,
  },
  run(input, context) {
    const { accountId, region, store, resources, faults, call, now } = context;
    const { ClientToken: token, ...request } = input;
    const tags = specifiedTags(input.TagSpecification, 'import-snapshot-task');
    const facts: ImportTaskFacts = { ...taskOf(input), ...importEncryption(input, context) };
    const id = store.transaction(() =>
      oncePerToken(store, { accountId, region, operation: 'ImportSnapshot', token, request }, () => {
        checkSource(facts, context);
        checkTaskCount(context);
        if (!hasRoomForSnapshot(context)) {
          throw ec2Error('SnapshotLimitExceeded', 'The maximum number of snapshots has been reached.');
        }
        const fails = faults.take('task-fails', call);
        const stalls = faults.take('task-stalls', call);
        const task = resources.insert<ImportTaskFacts>('import-snapshot-task', {
          facts: {
            ...facts,
            unseenMs: context.unseenMs,
            fails: fails
              ? { statusMessage: fails.statusMessage, status: fails.status ?? 'deleted' }
              : facts.fails,
            stallsAt: stalls && (stalls.progress ?? defaultStall),
          },
          tags,
        });
        enqueue(store, { taskId: task.id, accountId, region }, now());
        return task.id;
      }),
    );
    context.imports.wake();
    return describedTask(resources.find<ImportTaskFacts>('import-snapshot-task', id)!);
  },
});

type Input = Parameters<typeof importSnapshot.run>[0] & {
  readonly Description?: string;
  readonly DiskContainer: {
    readonly Description?: string;
    readonly Format?: string;
    readonly Url?: string;
    readonly UserBucket?: { readonly S3Bucket?: string; readonly S3Key?: string };
  };
  readonly Encrypted?: boolean;
  readonly KmsKeyId?: string;
  readonly RoleName?: string;
};

function taskOf({
  Description,
  DiskContainer: container,
  Encrypted,
  KmsKeyId,
  RoleName,
}: Input): ImportTaskFacts {
  if (KmsKeyId !== undefined && Encrypted !== true) {
    throw ec2Error(
      'InvalidParameterDependency',
      'The parameter KmsKeyId requires the parameter Encrypted to be set.',
    );
  }
  for (const text of [Description, container.Description]) checkDescription(text);
  checkRoleName(RoleName);
  return {
    description: Description,
    containerDescription: container.Description,
    format: container.Format === undefined ? undefined : diskFormat(container.Format),
    ...objectOf(container),
    roleName: RoleName ?? defaultRole,
    encrypted: Encrypted ?? false,
    status: 'active',
    statusMessage: 'pending',
    progress: 0,
    diskImageSizeBytes: 0,
    unseenMs: 0,
  };
}

/** The model gives no limit; every description of EC2's that has one takes 255. */
const maxDescription = 255;

function checkDescription(text: string | undefined): void {
  if ((text ?? '').length > maxDescription) {
    throw invalidParameterValue(`The description exceeds the maximum length of ${maxDescription} characters`);
  }
}

/** IAM's own bounds for a role's name. */
function checkRoleName(name: string | undefined): void {
  if (name !== undefined && !/^[\w+=,.@-]{1,64}$/.test(name)) {
    throw invalidParameterValue(`The role name ${name} is invalid`);
  }
}

const diskFormats: readonly string[] = ['RAW', 'VHD', 'VHDX', 'VMDK'] satisfies DiskFormat[];

function diskFormat(given: string): DiskFormat {
  const format = given.toUpperCase();
  if (!diskFormats.includes(format)) {
    throw ec2Error('InvalidParameter', `The disk image format ${given} is not supported.`);
  }
  return format as DiskFormat;
}

function objectOf({ Url: url, UserBucket: userBucket }: Input['DiskContainer']): {
  bucket: string;
  key: string;
  url?: string;
} {
  if (url !== undefined && userBucket !== undefined) {
    throw ec2Error(
      'InvalidParameterCombination',
      'The parameters Url and UserBucket of a disk container are mutually exclusive.',
    );
  }
  if (url !== undefined) {
    const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
    if (!bucket || !key) throw ec2Error('InvalidParameter', 'Invalid S3 source location');
    return { bucket, key, url };
  }
  const { S3Bucket: bucket, S3Key: key } = userBucket ?? {};
  if (!bucket || !key) {
    throw invalidParameterValue(
      'A disk container must have either a Url or a UserBucket with S3Bucket and S3Key.',
    );
  }
  return { bucket, key };
}

function checkSource(
  { bucket, key, roleName }: ImportTaskFacts,
  { objects, roles, accountId, region }: Ec2Context,
): void {
  if (!roles.isAssumableForImport(accountId, roleName)) {
    throw ec2Error(
      'InvalidParameter',
      `The service role ${roleName} provided does not exist or does not have sufficient permissions`,
    );
  }
  const bucketRegion = objects.bucketRegion(bucket);
  if (bucketRegion === undefined) throw ec2Error('InvalidParameter', 'Invalid S3 source location');
  if (bucketRegion !== region) {
    throw ec2Error(
      'InvalidParameter',
      `The given S3 object is not local to the region. The object must be located in ${region}.`,
    );
  }
  if (!objects.find(bucket, key)) throw ec2Error('InvalidParameter', 'Invalid S3 source location');
}

export const describeImportSnapshotTasks = operation({
  fields: {
    Filters: filterList,
    ImportTaskId: list(string),
    ...pageFields,
  },
  run(input, { resources, conditions, now }) {
    const at = now();
    const { items, nextToken } = listResources<ImportTaskFacts>({
      resources,
      type: 'import-snapshot-task',
      ids: input.ImportTaskId,
      filters: input.Filters,
      fields: taskFilters,
      isWanted: (task) => isListed(task, at),
      request: input,
      limits: { min: 1, max: 1000 },
      conditions,
    });
    const look = (task: ImportTask) => describedTask(asItLooks(task, conditions));
    return { importSnapshotTaskSet: { item: rendered(items, look) }, nextToken };
  },
});

/** While it runs: an ended task is what it is. */
function asItLooks(task: ImportTask, { taskLook }: CallConditions): ImportTask {
  if (task.facts.endedAt !== undefined) return task;
  const { status, statusMessage, progress, diskImageSizeBytes } = taskLook(task.id, task.facts);
  return { ...task, facts: { ...task.facts, status, statusMessage, progress, diskImageSizeBytes } };
}

export const cancelImportTask = operation({
  fields: { ImportTaskId: required(string), CancelReason: string },
  run({ ImportTaskId: id }, { store, resources, faults, account, call }) {
    const previousState = store.transaction(() => {
      const { facts } = resources.get<ImportTaskFacts>('import-snapshot-task', id);
      if (!isCancellable(facts)) {
        throw ec2Error('IncorrectState', `The import task ${id} is ${facts.status} and cannot be cancelled.`);
      }
      if (facts.status === 'active') {
        resources.setFacts<ImportTaskFacts>(id, {
          ...facts,
          status: 'cancelling',
          completesWhileCancelling:
            faults.take('completes-while-cancelling', call) !== undefined ||
            account.ofTask(id).completesWhileCancelling,
        });
      }
      return facts.status;
    });
    return { importTaskId: id, state: 'cancelling', previousState };
  },
});

/** A second call while the first is being carried out changes nothing. */
function isCancellable({ endedAt, status }: ImportTaskFacts): boolean {
  return endedAt === undefined && (status === 'active' || status === 'cancelling');
}
