import type { UploadableDisk } from '../disk/disk.ts';
import { type PartPlan, partRange } from '../disk/part-plan.ts';

/** More are not asked for early: each may be a request to the mirror. */
const mostEarly = 256;

/** In what order the parts of a disk are sent. */
export interface PartOrder {
  /** The number of the part that is to be sent now; called once for each part of the plan. */
  next(): number;
}

/**
 * From the front, but for parts that are ready before their turn: those are sent as soon as there is a place. Behind its data a
 * disk is mostly zeros, and the little that stands there (a second partition table) comes with the end of the image: all of these
 * parts would wait for it, and be sent when nothing else is left to do.
 */
export function orderParts({
  disk,
  plan,
  signal,
}: {
  readonly disk: UploadableDisk;
  readonly plan: PartPlan;
  readonly signal: AbortSignal;
}): PartOrder {
  const taken = new Set<number>();
  const early: number[] = [];
  if ('early' in disk && disk.early) {
    let asked = 0;
    for (let number = 1; number <= plan.count && asked < mostEarly; number++) {
      const ready = disk.early(partRange(plan, number), { signal });
      if (!ready) continue;
      asked += 1;
      // Where it fails, so does the part in its turn, and says why.
      ready.then(
        () => early.push(number),
        () => {},
      );
    }
  }
  let front = 0;
  return {
    next() {
      const number = early.find((each) => !taken.has(each));
      if (number !== undefined) {
        early.splice(0, early.indexOf(number) + 1);
        taken.add(number);
        return number;
      }
      do front += 1;
      while (taken.has(front));
      taken.add(front);
      return front;
    },
  };
}
