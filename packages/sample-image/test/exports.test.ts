import * as api from '@ec2-image/sample-image';
import { expect, test } from 'vitest';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'SampleImageError',
    'makeDenseQcow2',
    'makeSampleDisk',
    'openGpg',
    'packImage',
    'serveDirectory',
    'writeChecksumFile',
  ]);
});
