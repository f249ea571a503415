import { S3Client } from '@aws-sdk/client-s3';
import { uploadDisk } from '@ec2-image/s3-upload';

/** A process of its own, to be killed. */
const { url, region, options } = JSON.parse(process.env.UPLOAD!);
const client = new S3Client({
  endpoint: url,
  region,
  forcePathStyle: true,
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
});
await uploadDisk({ ...options, client });
