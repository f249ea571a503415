/** `upload-stock.ts URL FILE`: one disk into the sink by lib-storage and the SDK as they are. Their parts are of 16 MiB, four at once. */
import { createReadStream } from 'node:fs';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { sinkTarget } from '../sink-target.ts';

const [url = '', path = ''] = process.argv.slice(2);
const { bucket: Bucket, key: Key } = sinkTarget(url);
const client = new S3Client({
  endpoint: url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  forcePathStyle: true,
});
const params = { Bucket, Key, Body: createReadStream(path), ChecksumAlgorithm: 'CRC32' } as const;
await new Upload({ client, params, partSize: 16 * 2 ** 20, queueSize: 4 }).done();
process.exit();
