import { describeSnapshot, type Ec2Options } from '@ec2-image/ec2-import';
import { isExplained } from '@ec2-image/explained-error';

/**
 * Whether blocks of zeros may be absent from a snapshot. What EBS direct wrote has to have all of them. Of an imported
 * one it is not known whether EC2 writes the zeros of a hole, so their absence does not prove a fault of the import.
 */
export async function mayLackBlocks({
  snapshotId,
  allowAbsent,
  ...ec2Options
}: Ec2Options & { readonly snapshotId: string; readonly allowAbsent: boolean }): Promise<boolean> {
  if (allowAbsent) return true;
  try {
    const snapshot = await describeSnapshot({ ...ec2Options, snapshotId });
    const origin = snapshot?.origin;
    return origin?.kind === 'import' || (origin?.kind === 'copied' && origin.isImported);
  } catch (error) {
    if (!isExplained(error) || error.code !== 'ACCESS_DENIED') throw error;
    ec2Options.onNotice?.(`cannot tell how ${snapshotId} was made: ${error.message}`);
    return false;
  }
}

/** What to say of a snapshot that passed, or was written, although blocks are absent. */
export function absentBlocksNotice(snapshotId: string, absentBlocks: number): string {
  return `warning: ${snapshotId} lacks ${absentBlocks} blocks of zeros, which an encrypted volume reads as noise`;
}
