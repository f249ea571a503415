import { join } from 'node:path';
import type { Figure } from '../measuring/figure.ts';
import { measure, median, takeTurns } from '../measuring/measure.ts';
import { fillPageCache } from './page-cache.ts';
import { programCommand, startServer } from './server.ts';
import type { BenchOptions } from './transfers.ts';

interface BlocksRun {
  readonly blocks: number;
  readonly seconds: number;
  readonly processorSeconds: number;
}

const contestants = ['data', 'all', 'stock'] as const;
type Contestant = (typeof contestants)[number];

/** What EBS direct writes into a sink that takes everything, over TLS, as AWS has it. */
export async function blockFigures({ images, scratch, rounds }: BenchOptions): Promise<Figure[]> {
  const certificate = join(scratch, 'sink.pem');
  await using sink = await startServer('block-sink', certificate);
  const runs: Record<Contestant, BlocksRun[]> = { data: [], all: [], stock: [] };
  // Other parts have read tens of GiB since the images were.
  await fillPageCache([images.disk]);
  const run = (which: Contestant) => async () => {
    const { stdout } = await measure(programCommand('blocks', sink.url, images.disk, '3', which), {
      env: { NODE_EXTRA_CA_CERTS: certificate },
    });
    const result = JSON.parse(stdout) as BlocksRun;
    runs[which].push(result);
    return result.seconds;
  };
  await takeTurns({ data: run('data'), all: run('all'), stock: run('stock') }, { rounds });
  const figure = (which: Contestant, what: string, atLeast?: number): Figure => {
    const rates = runs[which].map(({ blocks, seconds }) => blocks / seconds);
    const costs = runs[which].map(({ blocks, processorSeconds }) => (processorSeconds / blocks) * 1000);
    const blocks = runs[which][0]?.blocks ?? 0;
    return {
      what,
      value: median(rates),
      unit: ' blocks/s',
      ...(atLeast !== undefined && { target: { atLeast } }),
      from: `${blocks} blocks (${(blocks / 2048).toFixed(1)} GiB) a round, from the first call to the last: ${rates.map((rate) => rate.toFixed(0)).join(', ')} a second, ${median(costs).toFixed(2)} ms of processor each`,
    };
  };
  return [
    figure('data', 'blocks of data written by EBS direct into a bare sink, over TLS', 1000),
    figure('all', 'the same with the blocks of zeros', 1800),
    figure('stock', "the same through the SDK's own HTTP handler"),
  ];
}
