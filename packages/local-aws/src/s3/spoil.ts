import type { ChecksumAlgorithm } from '@ec2-image/checksum';
import type { ActionOf } from '../faults/rules.ts';
import type { Blobs } from '../store/blobs.ts';
import type { StoredBody } from './body/store-body.ts';
import { storeBytes } from './body/store-bytes.ts';
import { readContent } from './content.ts';
import type { S3Call } from './s3-call.ts';

type Spoiling = ActionOf<'flip-bit'> | ActionOf<'truncate'> | ActionOf<'duplicate'>;

/** The fault that spoils bytes at this call, if one strikes. */
export function takeSpoiling(call: S3Call): Spoiling | undefined {
  return call.fault('flip-bit') ?? call.fault('truncate') ?? call.fault('duplicate');
}

export interface SpoiltBody {
  /** What is kept, and what lists and heads tell of it. */
  readonly kept: StoredBody;
  /** What the call itself answers. */
  readonly answered: Pick<StoredBody, 'md5' | 'checksum'>;
}

/** The body as a call is about to keep it: unchanged, unless a fault spoils it. */
export async function spoilBody(call: S3Call, body: StoredBody): Promise<SpoiltBody> {
  const action = takeSpoiling(call);
  if (!action) return { kept: body, answered: body };
  const { blobs } = call.store;
  const spoilt = await spoilBytes(blobs, { ...body, algorithm: body.checksum?.algorithm, action });
  await body.discard();
  const { md5, checksum } = body;
  const kept = action.shows === 'bytes' ? { ...spoilt, md5, ...(checksum && { checksum }) } : spoilt;
  return { kept, answered: (action.shows ?? 'answer') === 'answer' ? spoilt : body };
}

/** Into a file of its own: others may hold the same one under another name. */
export function spoilBytes(
  blobs: Blobs,
  {
    blob,
    size,
    algorithm,
    action,
  }: { blob: string | null; size: number; algorithm: ChecksumAlgorithm | undefined; action: Spoiling },
): Promise<StoredBody> {
  const read = (length: number) => readContent(blobs, { extents: [{ blob, size }], first: 0, length });
  switch (action.kind) {
    case 'flip-bit':
      return storeBytes(blobs, {
        source: flipBit(read(size), { offset: action.offset ?? Math.floor(size / 2), bit: action.bit }),
        algorithm,
      });
    case 'truncate':
      return storeBytes(blobs, { source: read(Math.max(size - (action.bytes ?? 1), 0)), algorithm });
    case 'duplicate':
      return storeBytes(blobs, {
        source: (async function* () {
          yield* read(size);
          yield* read(size);
        })(),
        algorithm,
      });
  }
}

/** One bit of a stream, counted from the lowest of the byte at that place. */
export async function* flipBit(
  source: AsyncIterable<Buffer>,
  { offset, bit = 0 }: { offset: number; bit?: number | undefined },
): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const chunk of source) {
    if (offset >= at && offset < at + chunk.length) chunk[offset - at]! ^= 1 << (bit % 8);
    at += chunk.length;
    yield chunk;
  }
}
