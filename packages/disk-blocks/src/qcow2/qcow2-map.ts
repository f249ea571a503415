import type { ByteSource, Qcow2Header } from '@ec2-image/image-headers';
import type { DiskMap, Stretch, WalkOptions } from '../disk-map.ts';
import { createTurns } from '../turns.ts';
import { createPieceList, kinds } from '../workers/pieces.ts';
import { readL1, tableSpan } from './l1-table.ts';
import { beyondFile, createRunReader, type TableFacts, type TakeRun } from './l2-table.ts';

/**
 * The map of a qcow2 image: L1 in memory, L2 tables read when they are needed, and only a few of them kept, so that the
 * memory does not depend on the size of the disk.
 *
 * @throws ImageHeaderError
 */
export async function openQcow2Map(source: ByteSource, header: Qcow2Header): Promise<DiskMap> {
  const facts: TableFacts = { header, clusterSize: 2 ** header.clusterBits, fileSize: source.size };
  const tableOffsets = await readL1(source, facts);
  const span = tableSpan(facts);
  const sizeBytes = header.virtualSize;
  const readTable = createTableCache(source, facts);
  // Of all that read the map: one range after the other, each with its tables in the cache, would take no turns either.
  const takeTurns = createTurns();

  /** The runs that lie in L2 tables and touch a range of the disk. What is not among them is zeros. */
  async function readRuns(
    { from, to }: { readonly from: number; readonly to: number },
    take: TakeRun,
    { signal, onStep }: WalkOptions,
  ): Promise<void> {
    const runs = createRunReader(facts, take);
    for (let offset = from; offset < to; ) {
      await takeTurns();
      signal?.throwIfAborted();
      onStep?.();
      const index = Math.floor(offset / span);
      const tableOffset = tableOffsets[index]!;
      if (tableOffset === 0) {
        let next = index + 1;
        while (next < tableOffsets.length && tableOffsets[next] === 0) next++;
        offset = next * span;
        continue;
      }
      const start = index * span;
      const bytes = await readTable(tableOffset);
      const first = Math.floor((offset - start) / facts.clusterSize);
      const last = Math.ceil((Math.min(to, start + span) - start) / facts.clusterSize);
      const end = Math.min(last, first + clustersAtOnce);
      runs.read({ bytes, start }, { first, end });
      offset = start + end * facts.clusterSize;
    }
  }

  return {
    sizeBytes,
    clusterSize: facts.clusterSize,
    eachExtent(take, options) {
      const takeRun: TakeRun = ({ kind, offset, length }) => {
        const end = Math.min(offset + length, sizeBytes);
        if (kind !== kinds.zero && offset < end) take(offset, end - offset);
      };
      return readRuns({ from: 0, to: sizeBytes }, takeRun, options);
    },
    async locate(stretches: readonly Stretch[], options) {
      const pieces = createPieceList();
      for (const { at, offset, length } of stretches) {
        const end = offset + length;
        let done = offset;
        pieces.moveTo(at);
        /** What no table tells of. */
        const zerosUntil = (to: number) => {
          if (to > done) pieces.zeros(to - done);
          done = Math.max(done, to);
        };
        const takeRun: TakeRun = (run) => {
          const from = Math.max(offset, run.offset);
          const to = Math.min(end, run.offset + run.length);
          if (from >= to) return;
          zerosUntil(from);
          done = to;
          const skip = from - run.offset;
          if (run.kind === kinds.zero) pieces.zeros(to - from);
          else if (run.kind === kinds.plain) pieces.plain(run.fileOffset + skip, to - from);
          else pieces.compressed(run, skip, to - from);
        };
        await readRuns({ from: offset, to: end }, takeRun, options);
        zerosUntil(end);
      }
      return pieces.rows();
    },
    async fileEnd({ offset, length }, options) {
      let fileEnd = 0;
      const takeRun: TakeRun = (run) => {
        const to = Math.min(offset + length, run.offset + run.length);
        if (run.kind === kinds.zero || Math.max(offset, run.offset) >= to) return;
        // Of a compressed cluster all is needed, whatever part of it is wanted.
        const needed = run.kind === kinds.plain ? to - run.offset : run.fileLength;
        fileEnd = Math.max(fileEnd, run.fileOffset + needed);
      };
      await readRuns({ from: offset, to: offset + length }, takeRun, options);
      return fileEnd;
    },
  };
}

/** Tables are used one after the other, mostly, and by several readers at a time. */
function createTableCache(source: ByteSource, { clusterSize, fileSize }: TableFacts) {
  const limit = Math.max(4, cacheBytes / clusterSize);
  const tables = new Map<number, Promise<Buffer>>();
  return async (offset: number): Promise<Buffer> => {
    const known = tables.get(offset);
    if (known) return known;
    const table = source.read(offset, clusterSize).then((bytes) => {
      if (bytes.length < clusterSize) throw beyondFile('an L2 table', offset + bytes.length, fileSize);
      return bytes;
    });
    tables.set(offset, table);
    table.catch(() => tables.delete(offset));
    if (tables.size > limit) tables.delete(tables.keys().next().value!);
    return table;
  };
}

/** Each may have 32 runs, where it has subclusters: a step takes a millisecond at most. */
const clustersAtOnce = 512;

const cacheBytes = 4 * 1024 ** 2;
