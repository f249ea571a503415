import {
  digestHex,
  keptKey,
  parseObjectKey,
  provenanceKeys,
  readProvenance,
  resemblesHandMadeKey,
} from '@ec2-image/provenance';
import { type ObjectFact, refOf, type TaskFact, taskPhase } from '../facts.ts';
import { type Context, unread } from './context.ts';
import { keep, keptBySuffix, protectedByTags, tooRecent, type Verdict } from './keep.ts';

/**
 * Undefined for an object that is gone, or whose key matches neither ec2-image's pattern nor that of imports by hand.
 *
 * @param options.ends whether a running task is to be cancelled before objects' turn comes
 */
export function judgeObject(
  object: ObjectFact,
  context: Context,
  { ends }: { readonly ends: (task: TaskFact) => boolean },
): Verdict | undefined {
  const { facts, policy, now, readersOf } = context;
  const named = facts.prefixes.map((prefix) => parseObjectKey(object.key, { prefix })).find(Boolean);
  if (!named && !resemblesHandMadeKey(object.key)) return undefined;
  const reader = readersOf(object).find((task) => taskPhase(task) !== 'ended' && !ends(task));
  const obstacle =
    unread(context, object, ['bucket', 'objects', 'tasks']) ??
    (reader && keep('live', `import task ${reader.taskId} is ${reader.state} and reads it`)) ??
    keptBySuffix([named?.amiName], policy) ??
    tooRecent({
      lastActivityAt: object.modifiedAt,
      now,
      minimumAgeMs: policy.olderThanMs,
      event: 'modified',
    });
  if (obstacle) return obstacle;
  if (!named) {
    return keep(
      'no-proof',
      `named as an import by hand names its upload: if it is the leftover of one, ${deletionOf(object)} deletes it`,
    );
  }
  const detail = facts.details.objects.get(refOf(object));
  if (!detail) return { verdict: 'examine' };
  if ('unseen' in detail) return keep('unread', `cannot read its metadata: ${detail.unseen}`);
  if (detail.seen === undefined) return undefined;
  const { provenance, tags, lock } = detail.seen;
  const found = readProvenance(provenance);
  if (!found || !digestHex(found.digest).startsWith(named.shortDigest)) {
    return keep(
      'no-proof',
      `key matches ec2-image's pattern, but the metadata does not name the digest that the key does`,
    );
  }
  return (
    (tags[keptKey] === 'true' ? keep('protected', `kept by --keep-object (tag ${keptKey})`) : undefined) ??
    (lock === undefined ? undefined : keep('protected', `S3 Object Lock (${lock})`)) ??
    protectedByTags(tags, policy) ?? {
      verdict: 'delete',
      proof: `is in this account's bucket, and its metadata says ${provenanceKeys.sourceDigest}=${found.digest}`,
    }
  );
}

/** A command of aws: ec2-image deletes nothing that it did not make. These keys need no quotes. */
function deletionOf({ bucket, key, versionId }: ObjectFact): string {
  return versionId === undefined
    ? `aws s3 rm s3://${bucket}/${key}`
    : `aws s3api delete-object --bucket ${bucket} --key ${key} --version-id ${versionId}`;
}
