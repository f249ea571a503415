import { crc32 } from 'node:zlib';

export interface XzBlock {
  readonly unpadded: number;
  readonly uncompressed: number;
}

/** An xz stream whose blocks are zeros: header, blocks, index and footer have the sizes that are asked for. */
export function buildXz(blocks: readonly XzBlock[]): Buffer {
  const flags = Buffer.from([0, 4]);
  const header = Buffer.concat([Buffer.from('\xfd7zXZ\0', 'latin1'), flags, checksum(flags)]);
  const body = Buffer.alloc(blocks.reduce((sum, { unpadded }) => sum + Math.ceil(unpadded / 4) * 4, 0));
  const records = blocks.flatMap(({ unpadded, uncompressed }) => [...vli(unpadded), ...vli(uncompressed)]);
  const index = Buffer.from([0, ...vli(blocks.length), ...records]);
  const padded = Buffer.concat([index, Buffer.alloc((4 - (index.length % 4)) % 4)]);
  const backward = Buffer.alloc(6);
  backward.writeUInt32LE((padded.length + 4) / 4 - 1);
  flags.copy(backward, 4);
  return Buffer.concat([
    header,
    body,
    padded,
    checksum(padded),
    checksum(backward),
    backward,
    Buffer.from('YZ'),
  ]);
}

function vli(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...vli(Math.floor(value / 128))];
}

function checksum(bytes: Buffer): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(bytes));
  return sum;
}
