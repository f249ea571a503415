import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { uploadDisk } from '@ec2-image/s3-upload';
import { partSize } from './support/disks.ts';
import { bucket, uploadOptions } from './support/emulator.ts';
import { expect, test } from './support/fixtures.ts';

const kmsKeyId = 'arn:aws:kms:eu-west-1:123456789012:key/0123abcd-0000-4000-8000-0123456789ab';

test.for([
  [{ algorithm: 'AES256' }],
  [{ algorithm: 'aws:kms', kmsKeyId }],
  [{ algorithm: 'aws:kms:dsse', kmsKeyId }],
] as const)(
  'an object gets the encryption that its options name, and a checksum proves it: %o',
  async ([sse], { client, directory }) => {
    const disk = await directory.disk({ size: 2 * partSize });
    const options = { ...uploadOptions(client), disk, sse };
    expect(await uploadDisk(options)).toMatchObject({ outcome: 'uploaded', provenBy: 'checksum' });
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: options.key }));
    expect(head.ServerSideEncryption).toBe(sse.algorithm);
    expect(head.SSEKMSKeyId).toBe('kmsKeyId' in sse ? sse.kmsKeyId : undefined);
  },
);
