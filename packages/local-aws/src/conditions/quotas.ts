/** How much of a kind an account may have in a region. */
export interface Quotas {
  /** https://docs.aws.amazon.com/vm-import/latest/userguide/vmimport-troubleshooting.html: tasks at a time. */
  readonly importTasks: number;
  /** https://docs.aws.amazon.com/general/latest/gr/ebs-service.html */
  readonly pendingSnapshots: number;
  readonly snapshots: number;
  /** At a time, into a region. https://docs.aws.amazon.com/general/latest/gr/ebs-service.html */
  readonly snapshotCopies: number;
  /** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-quotas.html */
  readonly images: number;
  readonly publicImages: number;
}

/** AWS's defaults. */
export const defaultQuotas: Quotas = {
  importTasks: 20,
  pendingSnapshots: 100,
  snapshotCopies: 20,
  snapshots: 100_000,
  images: 50_000,
  publicImages: 5,
};

const unlimited = Number.POSITIVE_INFINITY;

export const noQuotas: Quotas = {
  importTasks: unlimited,
  pendingSnapshots: unlimited,
  snapshotCopies: unlimited,
  snapshots: unlimited,
  images: unlimited,
  publicImages: unlimited,
};
