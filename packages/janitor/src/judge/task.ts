import { readProvenance } from '@ec2-image/provenance';
import { type TaskFact, taskPhase } from '../facts.ts';
import { type Context, unread } from './context.ts';
import { keep, keptBySuffix, protectedByTags, tooRecent, type Verdict } from './keep.ts';

/** Undefined for an ended task, whose record cannot be removed, and for one that ec2-image did not start. */
export function judgeTask(task: TaskFact, context: Context): Verdict | undefined {
  const { facts, policy, now, proofs } = context;
  const phase = taskPhase(task);
  const proof = proofs.task(task);
  if (phase === 'ended' || proof === undefined || !facts.regions.includes(task.region)) return undefined;
  if (phase === 'ending') return keep('live', `already ${task.state}`);
  if (phase === 'unknown') return keep('live', `unknown task state "${task.state}"`);
  const startedAt = readProvenance(task.tags)?.startedAt?.getTime();
  return (
    unread(context, task, ['tasks']) ??
    protectedByTags(task.tags, policy) ??
    keptBySuffix([task.tags.Name, task.key?.split('/').at(-2)], policy) ??
    (startedAt === undefined
      ? keep('no-age', 'age unknown: no started-at tag, and AWS reports no time for a task')
      : undefined) ??
    tooRecent({ lastActivityAt: startedAt, now, minimumAgeMs: policy.olderThanMs, event: 'started' }) ?? {
      verdict: 'delete',
      proof,
    }
  );
}
