import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { DeleteBucketPolicyCommand, HeadObjectCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { uploadDisk } from '@ec2-image/s3-upload';
import { partSize } from './support/disks.ts';
import { bucket, uploadOptions } from './support/emulator.ts';
import { expect, test } from './support/fixtures.ts';

test.for(['AES256', 'aws:kms', 'aws:kms:dsse'] as const)(
  'an object gets the encryption that its options name, and a checksum proves it: %s',
  async (algorithm, { aws, client, directory }) => {
    const { region, credentials } = client.config;
    const kms = new KMSClient({ region, credentials, endpoint: aws.url });
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const kmsKeyId = KeyMetadata!.Arn!;
    const sse = algorithm === 'AES256' ? ({ algorithm } as const) : ({ algorithm, kmsKeyId } as const);
    const disk = await directory.disk({ size: 2 * partSize });
    const options = { ...uploadOptions(client), disk, sse };
    expect(await uploadDisk(options)).toMatchObject({ outcome: 'uploaded', provenBy: 'checksum' });
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: options.key }));
    expect(head.ServerSideEncryption).toBe(sse.algorithm);
    expect(head.SSEKMSKeyId).toBe(algorithm === 'AES256' ? undefined : kmsKeyId);
  },
);

test('parts are signed where the policy of the bucket refuses unsigned payloads', async ({
  client,
  directory,
}) => {
  const unsigned = {
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:PutObject',
    Resource: `arn:aws:s3:::${bucket}/*`,
    Condition: { StringEquals: { 's3:x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } },
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [unsigned] });
  await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  try {
    const disk = await directory.disk({ size: 2 * partSize });
    const options = { ...uploadOptions(client), disk };
    expect(await uploadDisk(options)).toMatchObject({ outcome: 'uploaded', provenBy: 'checksum' });
  } finally {
    await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
  }
});
