import { ImportSnapshotCommand, type ImportSnapshotRequest } from '@aws-sdk/client-ec2';
import {
  isAboutKmsKey,
  isAwsCallError,
  isOutage,
  isTransient,
  pause,
  policies,
  refusedCodeOf,
  retryThroughOutage,
  watchOutage,
  withKmsKey,
} from '@ec2-image/aws-call';
import {
  cutDescription,
  type Digest,
  type DiskFormat,
  provenanceKeys,
  type Tags,
  tagList,
} from '@ec2-image/provenance';
import type { Ec2 } from '../ec2/ec2.ts';
import type { Choice } from './choose-snapshot.ts';
import { findSnapshotConsistently, findSnapshotNow, findStanding } from './find-snapshot.ts';
import { type ImportSource, importFailure } from './import-failure.ts';
import { failureKind, taskState } from './import-task.ts';
import type { WantedSnapshot } from './wanted-snapshot.ts';

/** What ImportSnapshot is told. Nothing in it may vary between two runs of the same import. */
export interface ImportRequest {
  readonly object: { readonly bucket: string; readonly key: string };
  readonly format: DiskFormat;
  readonly digest: Digest;
  readonly virtualSizeBytes?: number;
  /** For the import task: provenance, `Name`, the user's own. A start time among them is left out here and set afterwards. */
  readonly tags: Tags;
  /** The token of one attempt, counted from 1 over all runs. At most 64 characters. */
  readonly clientTokenFor: (attempt: number) => string;
  readonly encrypted?: boolean;
  readonly kmsKeyId?: string;
  /** The role that EC2 takes to read the bucket. Default `vmimport`. */
  readonly roleName?: string;
  /** Start this import whatever exists: nothing that the account already has replaces it. Default false. */
  readonly fresh?: boolean;
  /** Snapshots that are not to be taken for another run's result: deleted by this run, or without a proof. */
  readonly except?: Iterable<string>;
}

/** What there is to wait for, and the token's number. */
export type Started = {
  readonly tokenNumber: number;
} & (
  | { readonly importTaskId: string }
  /** Somebody else's run was there first, and its snapshot is complete. */
  | { readonly snapshot: Extract<Choice, { state: 'complete' }>['snapshot'] }
);

/** A token may be spent on an import that is no longer listed; so many are tried one after the other. */
const tokensTried = 8;

/**
 * Starts the import, or finds it started. A call whose answer was lost is looked up, then made again with the same
 * token; a token that somebody else used with other parameters means another run, whose work is looked for and taken.
 */
export async function startImport(
  ec2: Ec2,
  {
    request,
    tokenNumber,
    limitTimeoutMs,
  }: { request: ImportRequest; tokenNumber: number; limitTimeoutMs: number },
): Promise<Started> {
  const wanted = { ...wantedOf(request), except: request.except };
  const find = async (look: typeof findSnapshotNow | typeof findSnapshotConsistently, number: number) =>
    request.fresh
      ? undefined
      : startedOf(await retryThroughOutage(ec2, () => findStanding(ec2, { wanted, look })), number);
  let tagged = true;
  const outage = watchOutage(ec2);
  let throttled = 0;
  for (let number = tokenNumber; ; ) {
    try {
      const answer = await ec2.send(
        new ImportSnapshotCommand(importSnapshotInput({ request, number, tagged })),
        { retry: 'answered', quotaTimeoutMs: limitTimeoutMs },
      );
      const status = answer.SnapshotTaskDetail?.Status?.toLowerCase() ?? '';
      const ended = ['ending', 'failed'].includes(taskState({ status }));
      if (!ended || number >= tokenNumber + tokensTried)
        return { importTaskId: answer.ImportTaskId!, tokenNumber: number };
      // EC2 answered the token of an attempt that is over with that attempt.
      number += 1;
    } catch (error) {
      ec2.signal?.throwIfAborted();
      if (refusedCodeOf(error) === 'IdempotentParameterMismatch') {
        const started = await find(findSnapshotConsistently, number);
        if (started) return adopted(ec2, started);
        if (number >= tokenNumber + tokensTried) throw error;
        number += 1;
      } else if (isTransient(error)) {
        if (isOutage(error)) {
          await outage.endure(error);
        } else {
          outage.end();
          throttled += 1;
          if (throttled >= policies.startImport.attempts) throw error;
          await pause(ec2, { n: throttled, pace: policies.startImport });
        }
        const started = await find(findSnapshotNow, number);
        if (started) return adopted(ec2, started);
      } else if (isAwsCallError(error, 'ACCESS_DENIED') && tagged) {
        // An account may forbid tags on creation. Where it is the import that is forbidden, that shows next.
        tagged = false;
      } else {
        throw refusal({ error, request });
      }
    }
  }
}

export function wantedOf({ object, ...request }: ImportRequest): WantedSnapshot {
  const { digest, format, virtualSizeBytes, encrypted, kmsKeyId } = request;
  return { digest, format, virtualSizeBytes, encrypted, kmsKeyId, bucket: object.bucket, key: object.key };
}

export function sourceOf({ object, roleName, kmsKeyId }: ImportRequest): ImportSource {
  return { bucket: object.bucket, roleName, kmsKey: kmsKeyId };
}

function importSnapshotInput({
  request,
  number,
  tagged,
}: {
  request: ImportRequest;
  number: number;
  tagged: boolean;
}): ImportSnapshotRequest {
  const { object, format, tags, clientTokenFor, encrypted, kmsKeyId, roleName } = request;
  const { [provenanceKeys.startedAt]: _, ...constant } = tags;
  return {
    ClientToken: clientTokenFor(number),
    Description: cutDescription(object.key),
    DiskContainer: {
      Description: cutDescription(object.key),
      Format: format.toUpperCase(),
      UserBucket: { S3Bucket: object.bucket, S3Key: object.key },
    },
    Encrypted: encrypted,
    KmsKeyId: kmsKeyId,
    RoleName: roleName,
    ...(tagged && {
      TagSpecifications: [{ ResourceType: 'import-snapshot-task', Tags: tagList(constant) }],
    }),
  };
}

function startedOf(found: Choice, tokenNumber: number): Started | undefined {
  if (found.state === 'none') return undefined;
  if (found.state === 'complete') return { snapshot: found.snapshot, tokenNumber };
  return { importTaskId: found.task.importTaskId, tokenNumber };
}

function adopted(ec2: Ec2, started: Started): Started {
  const what =
    'snapshot' in started ? `snapshot ${started.snapshot.snapshotId}` : `import task ${started.importTaskId}`;
  ec2.notice(`Reusing ${what}, which another run started.`);
  return started;
}

/** A refusal that says what is wrong with role, bucket or disk is explained as the failed task would be. */
function refusal({ error, request }: { error: unknown; request: ImportRequest }): unknown {
  if (isAboutKmsKey(error)) return withKmsKey(error, request.kmsKeyId);
  if (!isAwsCallError(error, 'AWS_REFUSED')) return error;
  const kind = failureKind({ message: error.message });
  if (kind === 'unknown' || kind === 'cancelled') return error;
  return importFailure({ kind, message: error.message, source: sourceOf(request), cause: error });
}
