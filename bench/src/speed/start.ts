import { describe, type Figure } from '../measuring/figure.ts';
import { measure, median, takeTurns } from '../measuring/measure.ts';
import { findProgram } from '../programs.ts';
import type { BenchOptions } from './transfers.ts';

/** So short that one start says little. */
const startsPerRound = 10;

/** What the command takes to start. */
export async function startFigures({ rounds }: BenchOptions): Promise<Figure[]> {
  const program = await findProgram('ec2-image');
  const seconds = (args: readonly string[]) => async () => {
    const starts: number[] = [];
    for (let n = 0; n < startsPerRound; n += 1)
      starts.push((await measure([process.execPath, ...args])).seconds);
    return median(starts);
  };
  const samples = await takeTurns(
    { 'ec2-image --version': seconds([program, '--version']), 'node -e 0': seconds(['-e', '0']) },
    { rounds },
  );
  return [
    {
      what: '`--version`, against `node -e 0`',
      value: median(samples['ec2-image --version']) / median(samples['node -e 0']),
      target: { atMost: 2 },
      from: `medians of ${startsPerRound} starts a round: ${describe(samples)}`,
    },
  ];
}
