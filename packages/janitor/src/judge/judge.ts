import type { ImageFact, ResourceFact } from '../facts.ts';
import type { Context } from './context.ts';
import { judgeImage } from './image.ts';
import { judgeInstance } from './instance.ts';
import type { Verdict } from './keep.ts';
import { judgeObject } from './object.ts';
import { judgeRetiredSnapshot } from './retired-snapshot.ts';
import { judgeRetirement } from './retirement.ts';
import { judgeSnapshot } from './snapshot.ts';
import { judgeTask } from './task.ts';
import { judgeUpload } from './upload.ts';

/**
 * What is to become of one resource; undefined where it does not concern ec2-image.
 *
 * @param goes whether another resource, which this one hangs on, is removed before this one's turn comes
 */
export function judge(
  fact: ResourceFact,
  context: Context,
  goes: (other: ResourceFact) => boolean,
): Verdict | undefined {
  if (context.policy.retain) {
    if (fact.kind === 'ami') return judgeRetirement(fact, context);
    if (fact.kind !== 'snapshot') return undefined;
    // Only one that an earlier run has disabled is deregistered: the snapshots of all others need no closer look.
    const leaves = (image: ImageFact) => image.state === 'disabled' && goes(image);
    return judgeRetiredSnapshot(fact, context, { leaves });
  }
  switch (fact.kind) {
    case 'instance':
      return judgeInstance(fact, context);
    case 'upload':
      return judgeUpload(fact, context);
    case 'task':
      return judgeTask(fact, context);
    case 'ami':
      return judgeImage(fact, context);
    case 'snapshot':
      return judgeSnapshot(fact, context, { leaves: goes });
    case 'object':
      return judgeObject(fact, context, { ends: goes });
  }
}

/**
 * Every resource with its verdict, in the order of a sweep: each kind's verdicts rest on those before it.
 *
 * @param options.examined whether examining is over: what was not examined by then is kept, and so is what depends on
 *   it. Before that it may still be deleted, so what depends on it is examined too.
 */
export function judgeAll(
  context: Context,
  { examined }: { readonly examined: boolean },
): [ResourceFact, Verdict][] {
  const { instances, uploads, tasks, images, snapshots, objects } = context.facts;
  const verdicts = new Map<ResourceFact, Verdict>();
  const goes = (other: ResourceFact) => {
    const verdict = verdicts.get(other)?.verdict;
    return verdict === 'delete' || (verdict === 'examine' && !examined);
  };
  for (const facts of [instances, uploads, tasks, images, snapshots, objects]) {
    for (const fact of facts) {
      const verdict = judge(fact, context, goes);
      if (verdict) verdicts.set(fact, verdict);
    }
  }
  return [...verdicts];
}

/** The verdict on one resource while all others stay. */
export function judgeAlone(fact: ResourceFact, context: Context): Verdict | undefined {
  return judge(fact, context, () => false);
}
