import { setImmediate } from 'node:timers/promises';
import type { ByteSource, Qcow2Header } from '@ec2-image/image-headers';
import type { Extent } from '../disk.ts';
import type { DiskMap, Stretch } from '../disk-map.ts';
import { createPieceList, kinds } from '../workers/pieces.ts';
import { readL1, tableSpan } from './l1-table.ts';
import { beyondFile, type Run, runsOf, type Table, type TableFacts } from './l2-table.ts';

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

  /** The runs that touch a range of the disk, some clusters at a time. */
  async function* runsWithin(from: number, to: number, signal?: AbortSignal): AsyncGenerator<readonly Run[]> {
    let sincePause = 0;
    for (let offset = from; offset < to; ) {
      signal?.throwIfAborted();
      const index = Math.floor(offset / span);
      const tableOffset = tableOffsets[index]!;
      if (tableOffset === 0) {
        let next = index + 1;
        while (next < tableOffsets.length && tableOffsets[next] === 0) next++;
        const end = Math.min(to, next * span);
        yield [{ kind: kinds.zero, offset, length: end - offset, fileOffset: 0, fileLength: 0 }];
        offset = end;
        continue;
      }
      const start = index * span;
      const table: Table = { bytes: await readTable(tableOffset), start };
      const first = Math.floor((offset - start) / facts.clusterSize);
      const last = Math.ceil((Math.min(to, start + span) - start) / facts.clusterSize);
      const end = Math.min(last, first + clustersAtOnce);
      yield [...runsOf(table, { first, end }, facts)];
      offset = start + end * facts.clusterSize;
      sincePause += end - first;
      if (sincePause < clustersPerPause) continue;
      // The tables may all be in the cache: an interrupt has to be heard nevertheless.
      await setImmediate();
      sincePause = 0;
    }
  }

  return {
    sizeBytes,
    clusterSize: facts.clusterSize,
    async *extents({ signal }) {
      let open: { offset: number; end: number } | undefined;
      for await (const runs of runsWithin(0, sizeBytes, signal)) {
        for (const run of runs) {
          if (run.kind === kinds.zero) continue;
          const end = Math.min(run.offset + run.length, sizeBytes);
          if (open?.end === run.offset) open.end = end;
          else {
            if (open) yield extentOf(open);
            open = { offset: run.offset, end };
          }
        }
      }
      if (open) yield extentOf(open);
    },
    async locate(stretches: readonly Stretch[], { signal }) {
      const pieces = createPieceList();
      for (const { at, offset, length } of stretches) {
        for await (const runs of runsWithin(offset, offset + length, signal)) {
          for (const run of runs) {
            const from = Math.max(offset, run.offset);
            const to = Math.min(offset + length, run.offset + run.length);
            if (from >= to) continue;
            const skip = from - run.offset;
            const isPlain = run.kind === kinds.plain;
            pieces.push({
              kind: run.kind,
              at: at + from - offset,
              length: to - from,
              fileOffset: isPlain ? run.fileOffset + skip : run.fileOffset,
              fileLength: isPlain ? to - from : run.fileLength,
              skip: isPlain ? 0 : skip,
            });
          }
        }
      }
      return pieces.rows();
    },
  };
}

function extentOf({ offset, end }: { offset: number; end: number }): Extent {
  return { offset, length: end - offset };
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

/** Each may have 32 runs, where it has subclusters. */
const clustersAtOnce = 512;
const clustersPerPause = 65_536;

const cacheBytes = 4 * 1024 ** 2;
