import { policies } from '@ec2-image/aws-call';
import { isTestInstance } from '@ec2-image/provenance';
import type { InstanceFact } from '../facts.ts';
import { type Context, unread } from './context.ts';
import { keep, keptBySuffix, protectedByTags, tooRecent, type Verdict } from './keep.ts';

/** Undefined for one that no boot test started, whatever its tags are. */
export function judgeInstance(instance: InstanceFact, context: Context): Verdict | undefined {
  if (!isTestInstance(instance)) return undefined;
  const { policy, now } = context;
  const { state, startedAt, imageId, tags } = instance;
  const age = { lastActivityAt: startedAt, now, event: 'started' };
  return (
    unread(context, instance, ['instances']) ??
    (state === 'stopping' ? keep('live', 'the instance is stopping') : undefined) ??
    protectedByTags(tags, policy) ??
    keptBySuffix([tags.Name], policy) ??
    tooRecent({ ...age, minimumAgeMs: policy.olderThanMs }) ??
    // However short the minimum age is: nothing tells whether its test still runs.
    (tooRecent({ ...age, minimumAgeMs: policies.bootTest.limitMs })
      ? keep('live', 'its boot test may still be running')
      : undefined) ?? {
      verdict: 'delete',
      proof: `was started by a boot test of ${imageId}, as its token shows`,
    }
  );
}
