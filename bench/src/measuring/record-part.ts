import { loadavg } from 'node:os';
import { type Figure, isReached } from './figure.ts';
import { writeResults } from './results.ts';

/** Measures one part, puts it into RESULTS.md, and prints it. A figure that is missed sets the exit code. */
export async function recordPart(
  name: string,
  {
    order,
    rounds,
    measure,
  }: {
    /** Of all parts, as they stand in RESULTS.md. */
    readonly order: readonly string[];
    readonly rounds: number;
    readonly measure: () => Promise<readonly Figure[]>;
  },
): Promise<void> {
  const [loadBefore = 0] = loadavg();
  const figures = await measure();
  await writeResults({
    order,
    part: { name, figures, rounds, loadBefore, measuredAt: new Date().toISOString() },
  });
  for (const figure of figures) {
    console.log(`${figure.what}: ${figure.value.toFixed(2)}${figure.unit ?? ''}`);
    if (isReached(figure) === false) process.exitCode = 1;
  }
}
