import { randomBytes } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { digestOf } from '@ec2-image/provenance';
import { sinkSettings } from './sink-settings.ts';

/** What `uploadDisk` is given, with a client made as the command makes it; another key each time, as of another image. */
export function sinkTarget(url: string) {
  const hex = randomBytes(32).toString('hex');
  return {
    client: new S3Client({ ...sinkSettings(url), forcePathStyle: true, expectContinueHeader: false }),
    bucket: 'bench',
    key: `ec2-image/bench-i1/${hex.slice(0, 12)}.vhdx`,
    digest: digestOf('sha256', hex),
    format: 'vhdx' as const,
    metadata: {},
  };
}
