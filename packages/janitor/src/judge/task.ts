import { readProvenance } from '@ec2-image/provenance';
import { type TaskFact, taskPhase } from '../facts.ts';
import { type Context, unread } from './context.ts';
import { keep, keptBySuffix, protectedByTags, tooRecent, type Verdict } from './keep.ts';

/** Undefined for an ended task, whose record nobody can remove, and for one of somebody else's. */
export function judgeTask(task: TaskFact, context: Context): Verdict | undefined {
  const { facts, policy, now, proofs } = context;
  const phase = taskPhase(task);
  const proof = proofs.task(task);
  if (phase === 'ended' || proof === undefined || !facts.regions.includes(task.region)) return undefined;
  if (phase === 'ending') return keep('live', `it is ${task.state} already`);
  if (phase === 'unknown') return keep('live', `nobody here knows what its state "${task.state}" means`);
  const startedAt = readProvenance(task.tags)?.startedAt?.getTime();
  return (
    unread(context, task, ['tasks']) ??
    protectedByTags(task.tags, policy) ??
    keptBySuffix([task.tags.Name, task.key?.split('/').at(-2)], policy) ??
    (startedAt === undefined
      ? keep('no-age', 'it has no started-at tag, and AWS tells no time of a task: its age is unknown')
      : undefined) ??
    tooRecent({ lastActivityAt: startedAt, now, minimumAgeMs: policy.olderThanMs, what: 'its started-at tag' }) ?? {
      verdict: 'delete',
      proof,
    }
  );
}
