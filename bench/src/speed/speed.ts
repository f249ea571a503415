import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, debianImages } from '../system-images.ts';
import { type Figure, isReached } from './figure.ts';
import { writeResults } from './results.ts';
import { blockFigures, conversionFigures, downloadFigures, uploadFigures } from './transfers.ts';
import { wholeImportFigures } from './whole-imports.ts';

/** `npm run bench -- speed`; `EC2_IMAGE_BENCH_ROUNDS` sets the rounds, 5 by default. */
export async function speed(): Promise<void> {
  const rounds = Number(process.env.EC2_IMAGE_BENCH_ROUNDS ?? 5);
  const images = await debianImages();
  const scratch = await mkdtemp(join(cacheDirectory(), 'speed-'));
  const figures: Figure[] = [];
  const failures: string[] = [];
  /** What one part could not measure is said, and the others are measured all the same. */
  const part = async (name: string, work: () => Promise<Figure[]>) => {
    try {
      figures.push(...(await work()));
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      console.error(error);
    }
    await writeResults({ figures, rounds, failures });
  };
  try {
    const options = { images, digests: await publishedDigests(images.directory), scratch, rounds };
    await part('blocks', () => blockFigures(options));
    let disk = '';
    await part('conversion', async () => {
      const conversion = await conversionFigures(options);
      disk = conversion.disk;
      return conversion.figures;
    });
    await part('upload', () => uploadFigures({ ...options, disk }));
    await part('download', () => downloadFigures(options));
    await part('whole imports', () => wholeImportFigures(options));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  for (const figure of figures) {
    console.log(`${figure.what}: ${figure.value.toFixed(2)}${figure.unit ?? ''}`);
    if (isReached(figure) === false) process.exitCode = 1;
  }
  if (failures.length > 0) process.exitCode = 1;
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
