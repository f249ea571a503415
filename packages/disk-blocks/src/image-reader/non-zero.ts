import { availableParallelism } from 'node:os';
import type { Extent } from '../disk.ts';
import { arrivalOf, errorOf, type Image } from './fill.ts';
import { createExtentList } from './present.ts';

const unitBytes = 65_536;
/** Of the disk, for each job. */
const stepBytes = 2 * 1024 ** 2;

/** Reads what is present, and leaves out what of it is all zeros. */
export async function findNonZero(
  image: Image,
  present: readonly Extent[],
  signal?: AbortSignal,
): Promise<readonly Extent[]> {
  const list = createExtentList(image.map);
  for await (const { offset, length } of extentsThatHold(image, present, signal)) list.add(offset, length);
  return list.extents();
}

/** In order, while some further steps are being read. */
async function* extentsThatHold(
  image: Image,
  present: readonly Extent[],
  signal?: AbortSignal,
): AsyncGenerator<Extent> {
  const stop = new AbortController();
  const until = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const pending: Promise<readonly Extent[]>[] = [];
  try {
    for (const step of stepsOf(present)) {
      const found = scanStep(image, step, until);
      // Handled where it is awaited, or ignored once an earlier one has failed.
      found.catch(() => {});
      pending.push(found);
      if (pending.length > 2 * availableParallelism()) yield* await pending.shift()!;
    }
    for (const found of pending) yield* await found;
  } finally {
    stop.abort();
  }
}

function* stepsOf(present: readonly Extent[]): Generator<Extent> {
  for (const { offset, length } of present)
    for (let done = 0; done < length; done += stepBytes)
      yield { offset: offset + done, length: Math.min(stepBytes, length - done) };
}

async function scanStep(
  image: Image,
  { offset, length }: Extent,
  signal: AbortSignal,
): Promise<readonly Extent[]> {
  const pieces = await image.map.locate([{ at: 0, offset, length }], { signal });
  await arrivalOf(image, pieces, signal);
  const { fd } = image.file;
  const { clusterSize } = image.map;
  const { result, fault } = await image.run(
    { kind: 'scan', fd, clusterSize, pieces, length, unitBytes },
    { signal },
  );
  if (fault) throw errorOf(fault, image.path);
  return [...result.holds.keys()]
    .filter((unit) => result.holds[unit] !== 0)
    .map((unit) => ({
      offset: offset + unit * unitBytes,
      length: Math.min(unitBytes, length - unit * unitBytes),
    }));
}
