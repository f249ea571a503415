import * as api from '@ec2-image/disk-blocks';
import { expect, test } from 'vitest';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'DiskBlocksError',
    'arrivingBlocks',
    'blockCount',
    'blockDigest',
    'blockSizeBytes',
    'blocksWithin',
    'createRangeReader',
    'createWorkerPool',
    'diskBlocks',
    'fileHoles',
    'fillWithZeros',
    'findUnreadable',
    'growingSource',
    'imageBlocks',
    'isZeroBlock',
    'openDisk',
    'openDiskOf',
    'openImageReader',
    'streamBlocks',
    'zeroBlock',
    'zeroBlocks',
    'zeroDigest',
  ]);
});
