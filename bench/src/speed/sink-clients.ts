import { randomBytes } from 'node:crypto';
import { EBSClient } from '@aws-sdk/client-ebs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { S3Client } from '@aws-sdk/client-s3';
import { createUndiciHandler } from '@ec2-image/ebs-direct';
import { digestOf } from '@ec2-image/provenance';

const settings = (endpoint: string) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
});

/** What `uploadDisk` is given, with a client made as the command makes it; another key each time, as of another image. */
export function sinkTarget(url: string) {
  const hex = randomBytes(32).toString('hex');
  return {
    client: new S3Client({ ...settings(url), forcePathStyle: true, expectContinueHeader: false }),
    bucket: 'bench',
    key: `ec2-image/bench-i1/${hex.slice(0, 12)}.vhdx`,
    digest: digestOf('sha256', hex),
    format: 'vhdx' as const,
    metadata: {},
  };
}

/** Clients as the command makes them for `--via ebs`, or as the SDK makes them by itself. */
export function sinkEbs(url: string, { stock = false } = {}) {
  const ec2 = new EC2Client(settings(url));
  if (stock) return { ebs: new EBSClient(settings(url)), ec2 };
  const ebs = new EBSClient({
    ...settings(url),
    maxAttempts: 1,
    requestHandler: createUndiciHandler({ connections: 40, requestTimeoutMs: 60_000 }),
  });
  return { ebs, ec2 };
}
