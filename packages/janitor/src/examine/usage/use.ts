import type { Senders } from '../../senders.ts';

export interface RegionToRead {
  readonly senders: Senders;
  readonly region: string;
}

/** Notes that `user`, as the report names it, refers to `ids`. */
export type AddUse = (user: string, ids: readonly (string | undefined)[]) => void;

/** The snapshots that block devices name, in any of the forms that EC2 and Auto Scaling have for them. */
export function snapshotsIn(
  devices: readonly { readonly Ebs?: { readonly SnapshotId?: string } }[] | undefined,
): (string | undefined)[] {
  return (devices ?? []).map(({ Ebs }) => Ebs?.SnapshotId);
}
