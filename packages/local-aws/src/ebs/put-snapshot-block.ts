import { setTimeout as sleep } from 'node:timers/promises';
import type { Resource } from '../ec2/resources.ts';
import { hasBlock, putBlock } from '../ec2/snapshots/block-table.ts';
import { blockBytes } from '../ec2/snapshots/blocks.ts';
import type { SnapshotFacts } from '../ec2/snapshots/snapshot.ts';
import { isZero } from '../payload.ts';
import { ServiceError, type ServiceRequest } from '../service.ts';
import { checkConstraint } from './constraints.ts';
import type { EbsContext, EbsOperation } from './ebs-context.ts';
import { validation } from './errors.ts';
import { flipBit } from './flip-bit.ts';
import { requireDecrypt } from './key-access.ts';
import { receiveBlock } from './receive-block.ts';
import { blockCount, writableSnapshot } from './snapshot-access.ts';
import { zeroDigest } from './zero-block.ts';

/** https://docs.aws.amazon.com/ebs/latest/APIReference/API_PutSnapshotBlock.html */
export const putSnapshotBlock: EbsOperation = async ({ snapshotId, blockIndex }, context) => {
  const { request, store, blockFiles, puts, faults, call } = context;
  const declared = declaredChecksum(request);
  checkConstraint('BlockIndex', blockIndex);
  const progress = request.headers['x-amz-progress'];
  if (progress !== undefined) checkConstraint('Progress', Number(progress));
  const done = puts.begin(snapshotId, blockIndex);
  if (!done) {
    throw validation('CONFLICTING_BLOCK_UPDATE', `Block ${blockIndex} is being written by another request`);
  }
  try {
    const snapshot = writableSnapshot(snapshotId, context);
    requireDecrypt(snapshot.facts, context);
    if (blockIndex >= blockCount(snapshot.facts)) {
      throw validation('INVALID_BLOCK', `Block index ${blockIndex} is beyond the volume size extent`);
    }
    const { data, checksum, release } = await receiveBlock(request);
    try {
      const slow = faults.take('slow-write', call);
      if (slow) await sleep(slow.ms, undefined, { signal: request.signal });
      if (!checksum.equals(declared)) throw mismatch(checksum, declared);
      const flip = faults.take('flip-bit', call);
      // The file reads as zeros where nothing was written: a disk's many empty blocks take neither time nor space.
      const isThere =
        !flip &&
        checksum.equals(zeroDigest) &&
        (!hasBlock(store, snapshotId, blockIndex) || isZero(await blockFiles.read(snapshotId, blockIndex)));
      if (!isThere) await blockFiles.write(snapshotId, blockIndex, flip ? flipBit(data, flip) : data);
    } finally {
      release();
    }
    putBlock(store, snapshotId, blockIndex, checksum);
    noteProgress(snapshot, context);
    return {
      status: 201,
      headers: {
        'x-amz-checksum': checksum.toString('base64'),
        'x-amz-checksum-algorithm': 'SHA256',
        'x-amzn-requestid': request.id,
      },
    };
  } finally {
    done();
  }
};

function declaredChecksum({ headers }: ServiceRequest): Buffer {
  const length = Number(headers['x-amz-data-length']);
  if (length !== blockBytes) {
    throw validation('INVALID_PARAMETER_VALUE', `The data length must be ${blockBytes} bytes, not ${length}`);
  }
  return sha256Header(headers['x-amz-checksum'], headers['x-amz-checksum-algorithm']);
}

/** @throws ServiceError for anything but a SHA-256 in base64 */
export function sha256Header(checksum: unknown, algorithm: unknown): Buffer {
  if (algorithm !== 'SHA256') {
    throw validation('INVALID_PARAMETER_VALUE', 'The only checksum algorithm is SHA256');
  }
  checkConstraint('Checksum', checksum ?? '');
  const bytes = Buffer.from(String(checksum), 'base64');
  if (bytes.toString('base64') !== checksum || bytes.length !== 32) {
    throw validation('INVALID_PARAMETER_VALUE', 'The checksum must be a SHA256 in base64');
  }
  return bytes;
}

function mismatch(computed: Buffer, declared: Buffer): ServiceError {
  return new ServiceError(
    403,
    'InvalidSignatureException',
    `The value passed in as x-amz-Checksum does not match the computed checksum. Computed checksum: ${computed.toString('base64')} expected checksum: ${declared.toString('base64')}`,
  );
}

/** Written only when it says something new: a block every half millisecond leaves no time for more. */
function noteProgress({ id, facts }: Resource<SnapshotFacts>, { request, resources, now }: EbsContext): void {
  const progress = Number(request.headers['x-amz-progress'] ?? facts.progress ?? 0);
  const timeoutMs = facts.direct!.timeoutMs;
  const isOld = facts.timesOutAt! - now() < timeoutMs - timeoutMs / 10;
  if (!isOld && progress === (facts.progress ?? 0)) return;
  resources.setFacts<SnapshotFacts>(id, { ...facts, progress, timesOutAt: now() + timeoutMs });
}
