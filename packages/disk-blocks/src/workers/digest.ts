import { blockDigests } from './block-digests.ts';
import type { DigestJob, DigestResult } from './jobs.ts';

export function digest({ buffer }: DigestJob): {
  readonly result: DigestResult;
  readonly transfer: ArrayBuffer[];
} {
  const digest = blockDigests(Buffer.from(buffer));
  return { result: { digest }, transfer: [digest.buffer] };
}
