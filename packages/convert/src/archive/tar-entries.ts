import type { Input } from '../decompress/input.ts';
import { corruptArchive, truncatedArchive, unsafeArchive } from './errors.ts';
import { checkedMap, paxMap, readMapInData, readOldMap, type SparseMap } from './sparse-map.ts';
import { parsePaxRecords, parseTarHeader, recordBytes, type TarHeader, text } from './tar-header.ts';

/** A regular file in an archive. */
export interface ArchiveEntry {
  /** Shown and compared, never used as a path. */
  readonly name: string;
  /** In bytes, holes included. */
  readonly size: number;
  /** Once, and to its end before the next entry; what is left out of it is skipped. */
  bytes(): AsyncGenerator<Buffer>;
}

/** Names and extended headers are short; more is there to take memory. */
const maxMetadataBytes = 1024 ** 2;
/** An archive of one image has a few. */
const maxEntries = 10_000;
const zeros = Buffer.alloc(256 * 1024);

/**
 * The regular files of a tar archive of any format that tar programs write: old, ustar, GNU and pax, sparse files included.
 *
 * @param input ends with the archive
 * @throws ConvertError `CORRUPT_ARCHIVE`, and `UNSAFE_ARCHIVE` for a link, a device, or a name that leads elsewhere
 */
export async function* tarEntries(input: Input): AsyncGenerator<ArchiveEntry> {
  try {
    let pending: Pending = {};
    let entries = 0;
    for (;;) {
      const record = await input.peek(recordBytes);
      // Two records of zeros end it, and some programs leave them out.
      if (record.length === 0 || record.subarray(0, recordBytes).every((byte) => byte === 0)) break;
      const header = parseTarHeader(Buffer.from(await take(input, recordBytes)));
      if (++entries > maxEntries) throw corruptArchive('tar', `it has more than ${maxEntries} entries`);
      if (header.type === 'x' || header.type === 'L' || header.type === 'K') {
        pending = { ...pending, ...(await readMetadata(input, header)) };
      } else if (header.type === 'g') {
        await skipBytes(input, padded(header.size));
      } else {
        const body = await openBody(input, header, pending);
        pending = {};
        if (body.isFile) yield body;
        await body.finish();
      }
    }
    // To the end: whoever hashes the source needs all of it.
    for (let rest = await input.peek(1); rest.length > 0; rest = await input.peek(1)) input.skip(rest.length);
  } finally {
    await input[Symbol.asyncDispose]();
  }
}

/** What headers in front of an entry say of it. */
interface Pending {
  readonly longName?: string;
  readonly pax?: readonly (readonly [string, string])[];
}

async function readMetadata(input: Input, { type, size }: TarHeader): Promise<Pending> {
  if (size > maxMetadataBytes) throw corruptArchive('tar', `a header of ${size} bytes`);
  const bytes = Buffer.from(await take(input, padded(size))).subarray(0, size);
  if (type === 'x') return { pax: parsePaxRecords(bytes) };
  return type === 'L' ? { longName: text(bytes) } : {};
}

interface Body extends ArchiveEntry {
  readonly isFile: boolean;
  /** Skips what nobody has read. */
  finish(): Promise<void>;
}

async function openBody(input: Input, header: TarHeader, { longName, pax = [] }: Pending): Promise<Body> {
  const last = (key: string) => pax.findLast(([one]) => one === key)?.[1];
  const name = last('GNU.sparse.name') ?? last('path') ?? longName ?? header.name;
  requireSafe(header.type, name);
  const paxSize = last('size');
  if (paxSize !== undefined && !/^\d{1,15}$/.test(paxSize))
    throw corruptArchive('tar', 'a size is not a number');
  let stored = paxSize === undefined ? header.size : Number(paxSize);
  const padding = padded(stored) - stored;
  const nextRecord = async () => Buffer.from(await take(input, recordBytes));
  let map: SparseMap = { size: stored, pieces: [{ offset: 0, length: stored }] };
  if (header.type === 'S') map = checkedMap(await readOldMap(header.record, nextRecord), stored);
  else if (last('GNU.sparse.major') === '1') {
    const { pieces, mapBytes } = await readMapInData(nextRecord);
    stored -= mapBytes;
    map = checkedMap({ size: sizeOf(last('GNU.sparse.realsize')), pieces }, stored);
  } else {
    const pieces = paxMap(pax);
    if (pieces)
      map = checkedMap(
        { size: sizeOf(last('GNU.sparse.size') ?? last('GNU.sparse.realsize')), pieces },
        stored,
      );
  }
  let left = stored;
  async function* data(length: number): AsyncGenerator<Buffer> {
    for (let wanted = length; wanted > 0; ) {
      const chunk = (await input.peek(1)).subarray(0, wanted);
      if (chunk.length === 0) throw truncatedArchive('tar');
      input.skip(chunk.length);
      wanted -= chunk.length;
      left -= chunk.length;
      yield chunk;
    }
  }
  return {
    name,
    size: map.size,
    isFile: header.type === '0' || header.type === 'S',
    async *bytes() {
      let position = 0;
      for (const { offset, length } of map.pieces) {
        yield* holes(offset - position);
        yield* data(length);
        position = offset + length;
      }
      yield* holes(map.size - position);
    },
    finish: () => skipBytes(input, left + padding),
  };
}

function sizeOf(digits: string | undefined): number {
  if (digits === undefined || !/^\d{1,15}$/.test(digits))
    throw corruptArchive('tar', 'a size is not a number');
  return Number(digits);
}

function* holes(length: number): Generator<Buffer> {
  for (let left = length; left > 0; left -= zeros.length) yield zeros.subarray(0, left);
}

const unsafeTypes: Readonly<Record<string, string>> = {
  1: 'a hard link',
  2: 'a symbolic link',
  3: 'a device',
  4: 'a device',
  6: 'a pipe',
};

function requireSafe(type: string, name: string): void {
  const what = unsafeTypes[type];
  if (what !== undefined) throw unsafeArchive('tar', name, what);
  if (!['0', '5', 'S'].includes(type))
    throw corruptArchive('tar', `an entry of the unknown type ${JSON.stringify(type)}`);
  requireSafeName('tar', name);
}

/** @throws ConvertError `UNSAFE_ARCHIVE` */
export function requireSafeName(archive: 'tar' | 'zip', name: string): void {
  const isElsewhere = name.startsWith('/') || /^[A-Za-z]:/.test(name) || name.split(/[/\\]/).includes('..');
  if (isElsewhere) throw unsafeArchive(archive, name, 'a name that leads out of it');
}

function padded(size: number): number {
  return Math.ceil(size / recordBytes) * recordBytes;
}

async function take(input: Input, length: number): Promise<Buffer> {
  const bytes = await input.peek(length);
  if (bytes.length < length) throw truncatedArchive('tar');
  const taken = bytes.subarray(0, length);
  input.skip(length);
  return taken;
}

async function skipBytes(input: Input, length: number): Promise<void> {
  for (let left = length; left > 0; ) {
    const bytes = await input.peek(1);
    if (bytes.length === 0) throw truncatedArchive('tar');
    const skipped = Math.min(left, bytes.length);
    input.skip(skipped);
    left -= skipped;
  }
}
