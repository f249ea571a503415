/** `npm run test:all`: every point instead of a sample. */
export const isExhaustive = process.env.EC2_IMAGE_TEST === 'all';

interface PointsReport<Point> {
  readonly done: number;
  readonly failures: readonly { readonly point: Point; readonly message: string }[];
}

export interface SampleReport<Point> extends PointsReport<Point> {
  /** What tried the points in this order; `EC2_IMAGE_SEED` tries it again. */
  readonly seed: number;
}

/**
 * Runs the points in a random order until the time is up; all of them where the run is exhaustive. A machine of two
 * cores is kept busy by two processes at once.
 */
export async function runSample<Point>(
  points: readonly Point[],
  run: (point: Point) => Promise<void>,
  { budgetMs, sideBySide = 2 }: { readonly budgetMs: number; readonly sideBySide?: number },
): Promise<SampleReport<Point>> {
  const seed = Number(process.env.EC2_IMAGE_SEED ?? Math.floor(Math.random() * 1e9));
  const queue = isExhaustive ? points : shuffled(points, seed);
  return {
    seed,
    ...(await runAll(queue, run, { budgetMs: isExhaustive ? undefined : budgetMs, sideBySide })),
  };
}

/** Runs the points in order, so many at once; none starts when the time is up, where there is a limit. */
async function runAll<Point>(
  points: readonly Point[],
  run: (point: Point) => Promise<void>,
  {
    budgetMs = Number.POSITIVE_INFINITY,
    sideBySide,
  }: { readonly budgetMs?: number; readonly sideBySide: number },
): Promise<PointsReport<Point>> {
  const queue = [...points];
  const deadline = Date.now() + budgetMs;
  const failures: { point: Point; message: string }[] = [];
  let done = 0;
  const worker = async () => {
    while (queue.length > 0 && Date.now() < deadline) {
      const point = queue.shift()!;
      try {
        await run(point);
      } catch (error) {
        failures.push({ point, message: error instanceof Error ? error.message : String(error) });
      }
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, worker));
  return { done, failures };
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
