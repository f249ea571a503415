import * as api from '@ec2-image/s3-upload';
import { expect, test } from 'vitest';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'S3UploadError',
    'abandonUpload',
    'abortUploads',
    'checkBucket',
    'createPartMemory',
    'deleteObject',
    'findBucketRegion',
    'findKeys',
    'findObject',
    'findSentParts',
    'markKept',
    'readObject',
    'uploadDisk',
    'verifyObject',
  ]);
});
