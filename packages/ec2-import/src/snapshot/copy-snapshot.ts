import { CopySnapshotCommand, type CopySnapshotRequest } from '@aws-sdk/client-ec2';
import { isOutage, isTransient, pause, policies, retryThroughOutage, watchOutage } from '@ec2-image/aws-call';
import { copiedDescription, lacksHoles, omittedHolesTag, type Tags, tagList } from '@ec2-image/provenance';
import { createEc2, type Ec2 } from '../ec2/ec2.ts';
import { Ec2ImportError } from '../errors.ts';
import { deleteSnapshot } from './delete-snapshot.ts';
import { describeSnapshot } from './describe.ts';
import { findCopy, findCopyNow, type OwnSnapshotOptions } from './find-own-snapshot.ts';
import { type Snapshot, type SnapshotFacts, snapshotOf } from './snapshot.ts';
import { waitForSnapshot } from './wait-for-snapshot.ts';

export interface CopySnapshotOptions extends OwnSnapshotOptions {
  /** Of the copy: `Name`, the user's own, provenance with the time and the proof. */
  readonly tags: Tags;
  readonly onStarted?: (snapshotId: string) => void;
  /** How long a copy may show no progress. Default 2 hours. */
  readonly copyTimeoutMs?: number;
}

export interface CopiedSnapshot extends Snapshot {
  /** This run made it; false: it was there, or under way. */
  readonly isOwn: boolean;
}

/**
 * A copy of a snapshot in its region, for one AMI: one that is under way, or a new one, with its key where it is encrypted. A copy
 * that fails is deleted and made again, a few times.
 *
 * @throws Ec2ImportError `SNAPSHOT_FAILED`, `SNAPSHOT_GONE`, `SNAPSHOT_STALLED`, and the codes of a call
 */
export async function copySnapshot(options: CopySnapshotOptions): Promise<CopiedSnapshot> {
  const { snapshotId: sourceId, copyTimeoutMs: timeoutMs = policies.snapshot.limitMs } = options;
  const ec2 = createEc2(options);
  const source = await describeSnapshot(ec2, sourceId);
  if (!source) throw gone(sourceId);
  const except: string[] = [...(options.except ?? [])];
  for (let attempt = 1; ; attempt += 1) {
    const started = await startCopy(ec2, { ...options, except }, source);
    options.onStarted?.(started.snapshotId);
    try {
      const copy = await waitForSnapshot(ec2, { snapshotId: started.snapshotId, timeoutMs });
      return await preferOldest(ec2, { ...options, except }, { copy, isOwn: started.isOwn });
    } catch (error) {
      if (!(error instanceof Ec2ImportError) || error.code !== 'SNAPSHOT_FAILED') throw error;
      await deleteSnapshot({ ...options, snapshotId: started.snapshotId });
      except.push(started.snapshotId);
      if (attempt >= policies.copyAgain.attempts) throw failed(sourceId, error);
      ec2.notice(`${error.message}: deleted; copying ${sourceId} again.`);
    }
  }
}

/** CopySnapshot has no token: a call whose answer was lost is looked up before it is made again. */
async function startCopy(
  ec2: Ec2,
  options: CopySnapshotOptions,
  source: SnapshotFacts,
): Promise<{ readonly snapshotId: string; readonly isOwn: boolean }> {
  const look = (orFailed: boolean) => retryThroughOutage(ec2, () => findCopy(ec2, { ...options, orFailed }));
  const underWay = await look(false);
  if (underWay) return { snapshotId: underWay.snapshotId, isOwn: false };
  const command = new CopySnapshotCommand(await requestOf(ec2, options, source));
  const outage = watchOutage(ec2);
  for (let n = 1; ; ) {
    try {
      const { SnapshotId } = await ec2.send(command, { retry: 'answered' });
      return { snapshotId: SnapshotId!, isOwn: true };
    } catch (error) {
      ec2.signal?.throwIfAborted();
      if (!isTransient(error)) throw error;
      if (isOutage(error)) {
        await outage.endure(error);
      } else {
        outage.end();
        if (n >= policies.startCopy.attempts) throw error;
        await pause(ec2, { n, pace: policies.startCopy });
        n += 1;
      }
      // A copy may have failed by now: it is deleted as any other that fails.
      const made = await look(true);
      if (made) return { snapshotId: made.snapshotId, isOwn: true };
    }
  }
}

/** The source's key is named: without one EC2 may take the account's default key. */
async function requestOf(
  ec2: Ec2,
  { tags, digest }: CopySnapshotOptions,
  source: SnapshotFacts,
): Promise<CopySnapshotRequest> {
  const ofCopy = { ...tags, ...(lacksHoles(source.tags) && omittedHolesTag) };
  return {
    SourceSnapshotId: source.snapshotId,
    SourceRegion: await ec2.region(),
    Description: copiedDescription(digest, source),
    ...(source.encrypted && source.kmsKeyId !== undefined && { Encrypted: true, KmsKeyId: source.kmsKeyId }),
    TagSpecifications: [{ ResourceType: 'snapshot', Tags: tagList(ofCopy) }],
  };
}

/** Of copies that runs on two machines have made at once, the oldest is used, and this run deletes its own. */
async function preferOldest(
  ec2: Ec2,
  options: CopySnapshotOptions,
  { copy, isOwn }: { readonly copy: SnapshotFacts; readonly isOwn: boolean },
): Promise<CopiedSnapshot> {
  const oldest = isOwn ? await findCopyNow(ec2, options) : undefined;
  if (!oldest || oldest.snapshotId === copy.snapshotId || oldest.state !== 'completed')
    return { ...snapshotOf(copy), isOwn };
  await deleteSnapshot({ ...options, snapshotId: copy.snapshotId });
  ec2.notice(
    `Another run has copied ${options.snapshotId} at the same time: using ${oldest.snapshotId}; deleted ${copy.snapshotId}.`,
  );
  return { ...snapshotOf(oldest), isOwn: false };
}

function failed(sourceId: string, cause: Ec2ImportError): Ec2ImportError {
  return new Ec2ImportError('SNAPSHOT_FAILED', `${sourceId} could not be copied: ${cause.message}`, {
    hint: 'Correct what EC2 names; where it names a key, allow its use, or leave own-snapshot out.',
    resumable: true,
    cause,
    facts: { ...cause.facts, sourceSnapshotId: sourceId },
  });
}

function gone(snapshotId: string): Ec2ImportError {
  return new Ec2ImportError('SNAPSHOT_GONE', `snapshot ${snapshotId} was deleted before it was copied`, {
    hint: 'Another run or a person deleted it.',
    resumable: true,
    facts: { snapshotId },
  });
}
