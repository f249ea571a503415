import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Figure } from '../measuring/figure.ts';
import { recordPart } from '../measuring/record-part.ts';
import { cacheDirectory, debianImages } from '../system-images.ts';
import { blockFigures } from './blocks.ts';
import { downloadFigures } from './download.ts';
import { pacedFigures } from './paced.ts';
import { fillPageCache } from './page-cache.ts';
import { readingFigures } from './reading.ts';
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

/** As they stand in RESULTS.md. */
export const speedParts: readonly string[] = Object.keys(parts);

/** By name. `EC2_IMAGE_BENCH_ROUNDS` sets the rounds, 5 by default. */
export function speedBenchmarks(order: readonly string[]): Readonly<Record<string, () => Promise<void>>> {
  const rounds = Number(process.env.EC2_IMAGE_BENCH_ROUNDS ?? 5);
  return Object.fromEntries(
    Object.entries(parts).map(([name, measureFigures]) => [
      name,
      () => recordPart(name, { order, rounds, measure: () => onDebianImages(measureFigures, rounds) }),
    ]),
  );
}

async function onDebianImages(
  measureFigures: (options: BenchOptions) => Promise<Figure[]>,
  rounds: number,
): Promise<Figure[]> {
  const images = await debianImages();
  await fillPageCache([images.disk, ...images.files.map((file) => join(images.directory, file))]);
  const scratch = await mkdtemp(join(cacheDirectory(), 'speed-'));
  try {
    return await measureFigures({
      images,
      digests: await publishedDigests(images.directory),
      scratch,
      rounds,
    });
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
