import * as api from '@ec2-image/ebs-direct';
import { expect, test } from 'vitest';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'EbsDirectError',
    'createUndiciHandler',
    'digestBlocks',
    'readDigests',
    'verifySnapshot',
    'volumeSizeGiB',
    'writeDigests',
    'writeSnapshot',
  ]);
});
