import { parseObjectKey } from '@ec2-image/provenance';
import { refOf, type UploadFact } from '../facts.ts';
import { type Context, unread } from './context.ts';
import { keep, keptBySuffix, newest, tooRecent, type Verdict } from './keep.ts';

/** An upload carries neither tags nor metadata: bucket and key are its proof. Undefined: it is gone. */
export function judgeUpload(upload: UploadFact, context: Context): Verdict | undefined {
  const { facts, policy, now } = context;
  const named = facts.prefixes.map((prefix) => parseObjectKey(upload.key, { prefix })).find(Boolean);
  if (!named) return undefined;
  const detail = facts.details.uploads.get(refOf(upload));
  if (detail && 'seen' in detail && detail.seen === undefined) return undefined;
  const parts = detail && 'seen' in detail ? detail.seen : undefined;
  const obstacle =
    unread(context, upload, ['bucket', 'uploads']) ??
    keptBySuffix([named.amiName], policy) ??
    tooRecent({
      lastActivityAt: upload.initiatedAt,
      now,
      minimumAgeMs: policy.olderThanMs,
      event: 'started',
    }) ??
    (detail && 'unseen' in detail ? keep('unread', `cannot read its parts: ${detail.unseen}`) : undefined) ??
    (parts &&
      tooRecent({
        lastActivityAt: newest(upload.initiatedAt, parts.newestPartAt),
        now,
        minimumAgeMs: policy.olderThanMs,
        event: 'last written to',
      }));
  if (obstacle) return obstacle;
  if (!parts) return { verdict: 'examine' };
  return {
    verdict: 'delete',
    proof: "incomplete upload in this account's bucket; key matches ec2-image's pattern",
  };
}
