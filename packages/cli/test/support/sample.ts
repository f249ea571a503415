/** `npm run test:all`: every point instead of a sample. */
export const isExhaustive = process.env.EC2_IMAGE_TEST === 'all';

/** What chooses samples in this process; `EC2_IMAGE_SEED` chooses them again. */
export const sampleSeed = Number(process.env.EC2_IMAGE_SEED ?? Math.floor(Math.random() * 1e9));

/** So many of the cases of a table of tests; all where the run is exhaustive. */
export function sampleOf<Case>(cases: readonly Case[], size: number): Case[] {
  return isExhaustive ? [...cases] : shuffled(cases, sampleSeed).slice(0, size);
}

export interface SampleReport<Point> {
  readonly done: number;
  readonly failures: readonly { readonly point: Point; readonly message: string }[];
  /** What chose the points; `EC2_IMAGE_SEED` chooses them again. */
  readonly seed: number;
}

/**
 * Runs so many of the points, chosen at random: however fast the machine is, a run shows as much. All of them, in
 * their order, where the run is exhaustive. Two at once keep a machine of two cores busy.
 */
export async function runSample<Point>(
  points: readonly Point[],
  run: (point: Point) => Promise<void>,
  { size, sideBySide = 2 }: { readonly size: number; readonly sideBySide?: number },
): Promise<SampleReport<Point>> {
  const queue = sampleOf(points, size);
  const done = queue.length;
  const failures: { point: Point; message: string }[] = [];
  const worker = async () => {
    for (let point = queue.shift(); point !== undefined; point = queue.shift()) {
      try {
        await run(point);
      } catch (error) {
        failures.push({ point, message: error instanceof Error ? error.message : String(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, worker));
  return { done, failures, seed: sampleSeed };
}

/** Fisher and Yates, on a generator of 32 bits (mulberry32) that the seed decides. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  const result = [...items];
  let state = seed >>> 0;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let last = result.length - 1; last > 0; last--) {
    const at = Math.floor(random() * (last + 1));
    [result[last], result[at]] = [result[at]!, result[last]!];
  }
  return result;
}
