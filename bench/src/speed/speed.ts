import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { cacheDirectory, debianImages } from '../system-images.ts';
import { blockFigures } from './blocks.ts';
import { downloadFigures } from './download.ts';
import { type Figure, isReached } from './figure.ts';
import { pacedFigures } from './paced.ts';
import { readingFigures } from './reading.ts';
import { writeResults } from './results.ts';
import { severalImagesFigures } from './several-images.ts';
import { startFigures } from './start.ts';
import { type BenchOptions, conversionFigures, uploadFigures } from './transfers.ts';
import { wholeImportFigures } from './whole-imports.ts';

/** Each a benchmark of its own; all of them stand in RESULTS.md, as they last came out. */
const parts: Readonly<Record<string, (options: BenchOptions) => Promise<Figure[]>>> = {
  'whole-imports': wholeImportFigures,
  'several-images': severalImagesFigures,
  paced: pacedFigures,
  blocks: blockFigures,
  reading: readingFigures,
  conversion: conversionFigures,
  upload: uploadFigures,
  download: downloadFigures,
  start: startFigures,
};

/** By name. `EC2_IMAGE_BENCH_ROUNDS` sets the rounds, 5 by default. */
export const speedBenchmarks = Object.fromEntries(
  Object.entries(parts).map(([name, measureFigures]) => [name, () => measurePart(name, measureFigures)]),
);

async function measurePart(
  name: string,
  measureFigures: (options: BenchOptions) => Promise<Figure[]>,
): Promise<void> {
  const rounds = Number(process.env.EC2_IMAGE_BENCH_ROUNDS ?? 5);
  const images = await debianImages();
  const scratch = await mkdtemp(join(cacheDirectory(), 'speed-'));
  const [loadBefore = 0] = loadavg();
  try {
    const digests = await publishedDigests(images.directory);
    const figures = await measureFigures({ images, digests, scratch, rounds });
    await writeResults({
      order: Object.keys(parts),
      part: { name, figures, rounds, loadBefore, measuredAt: new Date().toISOString() },
    });
    for (const figure of figures) {
      console.log(`${figure.what}: ${figure.value.toFixed(2)}${figure.unit ?? ''}`);
      if (isReached(figure) === false) process.exitCode = 1;
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function publishedDigests(directory: string): Promise<Map<string, string>> {
  const text = await readFile(join(directory, 'CHECKSUM'), 'utf8');
  return new Map(
    [...text.matchAll(/^SHA256 \((.+)\) = ([0-9a-f]{64})$/gm)].map(([, file, hex]) => [
      file!,
      `sha256:${hex}`,
    ]),
  );
}
