import { open } from 'node:fs/promises';
import fc from 'fast-check';

/** Where in a qcow2 a change can do something: the parts that a reader follows, and everything else. */
export interface Target {
  readonly name: string;
  readonly path: string;
  readonly bytes: Buffer;
  /** Ranges of the file, in bytes. */
  readonly parts: readonly { readonly offset: number; readonly length: number }[];
}

/** Finds header, L1 table, the first L2 tables, the snapshot table, and the first compressed bytes of an image of qemu-img. */
export async function readTarget(name: string, path: string): Promise<Target> {
  await using file = await open(path);
  const bytes = await file.readFile();
  const clusterSize = 2 ** bytes.readUInt32BE(20);
  const l1 = { offset: Number(bytes.readBigUInt64BE(40)), length: bytes.readUInt32BE(36) * 8 };
  const tables = Array.from({ length: Math.min(4, l1.length / 8) }, (_, index) =>
    Number(bytes.readBigUInt64BE(l1.offset + index * 8) & 0x00fffffffffffe00n),
  ).filter((offset) => offset > 0);
  const wide = bytes.readUInt32BE(4) === 3 && (bytes[79]! & 16) !== 0 ? 16 : 8;
  const entries = Math.min(clusterSize, wide * Math.ceil(Number(bytes.readBigUInt64BE(24)) / clusterSize));
  const snapshots = Number(bytes.readBigUInt64BE(64));
  return {
    name,
    path,
    bytes,
    parts: [
      { offset: 0, length: 112 },
      { offset: 112, length: 400 },
      l1,
      ...tables.map((offset) => ({ offset, length: entries })),
      { offset: Number(bytes.readBigUInt64BE(48)), length: 16 },
      ...(snapshots ? [{ offset: snapshots, length: 80 }] : []),
      { offset: 0, length: bytes.length },
    ],
  };
}

export type Mutation =
  | { readonly do: 'bytes'; readonly part: number; readonly at: number; readonly value: Buffer }
  | { readonly do: 'flip'; readonly part: number; readonly at: number; readonly bit: number }
  | { readonly do: 'swap'; readonly part: number; readonly at: number; readonly from: number }
  | { readonly do: 'cut'; readonly at: number }
  | { readonly do: 'append'; readonly length: number };

const place = { part: fc.nat(15), at: fc.nat(999_999).map((part) => part / 1_000_000) };
/** Numbers that mean something in a table: ends of ranges, clusters of the file, flags alone. */
const words = fc.oneof(
  fc.constantFrom(0n, 1n, 1n << 62n, 1n << 63n, 2n ** 64n - 1n, 0x00fffffffffffe00n, 511n, 512n),
  fc.nat(64).map((cluster) => BigInt(cluster) << 16n),
  fc.nat(2048).map((sector) => BigInt(sector) << 9n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);

export const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('bytes' as const),
      ...place,
      value: fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
        words.map((word) => {
          const value = Buffer.alloc(8);
          value.writeBigUInt64BE(word);
          return value;
        }),
      ),
    }),
    fc.record({ do: fc.constant('flip' as const), ...place, bit: fc.nat(7) }),
    fc.record({ do: fc.constant('swap' as const), ...place, from: place.at }),
    fc.record({ do: fc.constant('cut' as const), at: place.at }),
    fc.record({ do: fc.constant('append' as const), length: fc.nat(100_000) }),
  ),
  { minLength: 1, maxLength: 3 },
);

export function mutate({ bytes, parts }: Target, changes: readonly Mutation[]): Buffer {
  let mutated = Buffer.from(bytes);
  for (const change of changes) {
    if (change.do === 'cut') mutated = mutated.subarray(0, Math.floor(change.at * mutated.length));
    else if (change.do === 'append') mutated = Buffer.concat([mutated, Buffer.alloc(change.length, 0x5a)]);
    else {
      const part = parts[change.part % parts.length]!;
      // Tables have words of 8 bytes: half of the changes begin with one.
      const byte = Math.floor(change.at * part.length);
      const isWord = change.do === 'swap' || (change.do === 'bytes' && change.value.length === 8);
      const at = part.offset + (isWord ? byte & ~7 : byte);
      if (at + 8 > mutated.length) continue;
      if (change.do === 'bytes') change.value.copy(mutated, at);
      else if (change.do === 'flip') mutated[at]! ^= 1 << change.bit;
      else {
        const from = part.offset + (Math.floor(change.from * part.length) & ~7);
        mutated.copyWithin(at, from, from + 8);
      }
    }
  }
  return mutated;
}
