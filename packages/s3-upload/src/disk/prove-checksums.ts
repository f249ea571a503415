import { isDeepStrictEqual } from 'node:util';
import { diskChanged, type FinishedDisk } from './disk.ts';
import type { PartPlan } from './part-plan.ts';
import { type DiskChecksums, type PartChecksum, readChecksums } from './read-checksums.ts';

/** How often the disk is proven before a file that keeps changing is given up. */
const proofs = 3;

/**
 * What every part must have in S3, of a disk that `prove` has found right. What was read before the proof began and what is
 * read when it has ended are the same: so it is these bytes that were proven, and not others that stood in the file for a
 * moment. Where they differ, the disk is proven again.
 *
 * @param options.sent the parts that were read while the disk was still being written, by number: not to be read again
 * @throws whatever `prove` throws; S3UploadError `DISK_CHANGED`
 */
export async function proveChecksums({
  disk,
  plan,
  sent,
  prove,
  signal,
}: {
  readonly disk: FinishedDisk;
  readonly plan: PartPlan;
  readonly sent: ReadonlyMap<number, PartChecksum>;
  readonly prove: (() => Promise<unknown>) | undefined;
  readonly signal: AbortSignal | undefined;
}): Promise<DiskChecksums> {
  if (!prove) return readChecksums({ disk, plan, signal });
  let before = await readChecksums({ disk, plan, known: stableParts(sent, plan), signal });
  for (let proof = 1; ; proof++) {
    await prove();
    const after = await readChecksums({ disk, plan, signal });
    if (isDeepStrictEqual(after, before)) return after;
    if (proof === proofs) throw diskChanged(disk.path, `${proofs} reads of it gave different bytes`);
    before = after;
  }
}

/**
 * qemu-img writes front to back and at the end rewrites the head, of a stream-optimized VMDK of 512 GiB this much of it, and
 * of a VHD the tail. Should it rewrite anything else, the disk is proven twice.
 */
const rewrittenBytes = 64 * 2 ** 20;

function stableParts(
  sent: ReadonlyMap<number, PartChecksum>,
  { partSize, count }: PartPlan,
): ReadonlyMap<number, PartChecksum> {
  return new Map([...sent].filter(([number]) => (number - 1) * partSize >= rewrittenBytes && number < count));
}
