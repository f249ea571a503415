import { open } from 'node:fs/promises';
import type { TestAccount } from './account.ts';
import type { TestImages } from './images.ts';

/**
 * Whether an instance reads the disk from a volume of the snapshot, and zeros behind it. On an encrypted volume, which
 * whoever launches the AMI may choose, what was never written is noise.
 *
 * @param scene.encrypted default: as the snapshot is
 */
export async function volumeHoldsDisk(
  {
    account,
    images,
    encrypted,
  }: { readonly account: TestAccount; readonly images: TestImages; readonly encrypted?: boolean },
  snapshotId: string,
): Promise<boolean> {
  await using disk = await open(images.disk);
  const { size } = await disk.stat();
  let at = 0;
  for await (const block of account.aws.readVolume({ snapshotId, encrypted })) {
    const { buffer } = await disk.read(Buffer.alloc(block.length), 0, block.length, at);
    if (!buffer.equals(block)) return false;
    at += block.length;
  }
  return at === Math.ceil(size / 2 ** 30) * 2 ** 30;
}
