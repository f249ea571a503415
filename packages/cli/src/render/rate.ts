interface Sample {
  readonly atMs: number;
  readonly done: number;
}

/** How far back the rate looks: long enough to be steady, short enough to follow a stall. */
const windowMs = 8_000;
/** One sample in this time is enough, however often progress is told. */
const sampleEveryMs = 200;

/** The rate of a stage, in units a second, from the progress it told of late. */
export interface RateMeter {
  add(sample: Sample): void;
  /** Undefined until there is something to go by. */
  perSecond(): number | undefined;
}

export function createRateMeter(): RateMeter {
  let samples: Sample[] = [];
  return {
    add(sample) {
      const last = samples.at(-1);
      // What an earlier run did is not part of this run's rate; and a stage that starts over has a new one.
      if (last && sample.done < last.done) samples = [];
      if (last && sample.atMs - last.atMs < sampleEveryMs) return;
      samples = [...samples.filter(({ atMs }) => sample.atMs - atMs <= windowMs), sample];
    },
    perSecond() {
      const [first] = samples;
      const last = samples.at(-1);
      if (!first || !last || last.atMs - first.atMs < 2 * sampleEveryMs) return undefined;
      return ((last.done - first.done) * 1000) / (last.atMs - first.atMs);
    },
  };
}
