import * as api from '@ec2-image/image-headers';
import {
  bufferSource,
  detectMagic,
  fileSource,
  readXzUncompressedSize,
  readZstdFrameSize,
} from '@ec2-image/image-headers';
import { expect, test } from 'vitest';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'ImageHeaderError',
    'bufferSource',
    'detectMagic',
    'efiPartitionsOf',
    'fileSource',
    'magicOfHead',
    'maxVirtualSize',
    'partitionTableBytes',
    'readBootCode',
    'readImageHeader',
    'readPartitionTable',
    'readQcow2Header',
    'readXzUncompressedSize',
    'readZstdFrameSize',
    'refusalOf',
  ]);
});

test('a handle that reads a little at a time, and ends before its size, still gives a source', async () => {
  const content = Buffer.from('conectix and more');
  const handle = {
    async read(buffer: Buffer, offset: number, length: number, position: number) {
      return { bytesRead: content.copy(buffer, offset, position, position + Math.min(3, length)) };
    },
  };
  const source = fileSource(handle, content.length + 5);
  expect(await source.read(0, 8)).toEqual(Buffer.from('conectix'));
  expect(await source.read(9, 100)).toEqual(Buffer.from('and more'));
  expect(await source.read(1000, 10)).toEqual(Buffer.alloc(0));
});

test('of an empty file, nothing', async () => {
  expect(await detectMagic(bufferSource(Buffer.alloc(0)))).toEqual({ kind: 'empty' });
  expect(await readXzUncompressedSize(bufferSource(Buffer.alloc(0)))).toBeUndefined();
  expect(await readZstdFrameSize(bufferSource(Buffer.alloc(0)))).toBeUndefined();
});
