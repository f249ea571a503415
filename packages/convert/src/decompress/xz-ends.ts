import { crc32 } from 'node:zlib';

/** Where in a file of xz streams the last of them that is whole ends. */
export interface XzEnds {
  /** The source, watched as it passes. */
  readonly watched: AsyncIterable<Buffer>;
  /** How many bytes stand behind the last stream's end that are neither padding nor another stream. */
  foreignBytes(): number;
}

const footerBytes = 12;
const footerMagic = 'YZ';
const streamMagic = Buffer.from('\xfd7zXZ\0', 'latin1');

/** xz itself says the same of foreign bytes behind a stream as of a stream that is cut short. */
export function watchXzEnds(source: AsyncIterable<Buffer>): XzEnds {
  let position = 0;
  let endOfLast: number | undefined;
  /** What followed that end, as far as it tells what it is. */
  let behind = Buffer.alloc(0);
  let tail = Buffer.alloc(0);

  const look = (chunk: Buffer) => {
    const start = position - tail.length;
    const bytes = Buffer.concat([tail, chunk]);
    let seen = tail.length;
    for (let at = bytes.indexOf(footerMagic); at >= 0; at = bytes.indexOf(footerMagic, at + 1)) {
      const end = at + footerMagic.length;
      // A footer that the chunk before had whole has been counted.
      if (end <= tail.length || end < footerBytes || !isFooter(bytes.subarray(end - footerBytes, end)))
        continue;
      endOfLast = start + end;
      behind = Buffer.alloc(0);
      seen = end;
    }
    if (endOfLast !== undefined && behind.length < streamMagic.length) {
      behind = Buffer.concat([behind, withoutPadding(bytes.subarray(seen), behind)]).subarray(
        0,
        streamMagic.length,
      );
    }
    position += chunk.length;
    tail = bytes.subarray(-(footerBytes - 1));
  };

  return {
    watched: (async function* () {
      for await (const chunk of source) {
        look(chunk);
        yield chunk;
      }
    })(),
    foreignBytes() {
      const isForeign = behind.length > 0 && !streamMagic.subarray(0, behind.length).equals(behind);
      return endOfLast !== undefined && isForeign ? position - endOfLast : 0;
    },
  };
}

/** The xz file format, 2.1.2: CRC32 of size and flags, size, flags, magic. */
function isFooter(footer: Buffer): boolean {
  return footer.readUInt32LE(0) === crc32(footer.subarray(4, 10));
}

function withoutPadding(bytes: Buffer, before: Buffer): Buffer {
  if (before.length > 0) return bytes;
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? Buffer.alloc(0) : bytes.subarray(first);
}
