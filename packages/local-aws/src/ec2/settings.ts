/** How long work takes that is not immediate on AWS. */
export interface Ec2Settings {
  /** An import task, its real work aside: it takes no less than this, spread over its stages. Default 2,000. */
  readonly importTaskMs: number;
  /** From the end of an import task, or CompleteSnapshot, until the snapshot is `completed`. Default 300. */
  readonly snapshotCompletionMs: number;
  /** From RegisterImage until the AMI is `available`. Default 200. */
  readonly imageCreationMs: number;
  /** A copy of a snapshot, or of an AMI's snapshots, while it is pending: AWS takes some ten minutes. Default 500. */
  readonly copyMs: number;
  /** From CreateImageUsageReport until the report is `available`. Default 500. */
  readonly usageReportMs: number;
  /** How many disks a process copies and converts at once; the other tasks wait for their turn. Default 4. */
  readonly concurrentImports: number;
  /** Whether instances of AMIs that have a disk run, in QEMU; otherwise they are mere records. Default true. */
  readonly bootInstances: boolean;
  /** From the start of an instance until its status checks say anything. Default 2,000. */
  readonly statusCheckMs: number;
  /** From the start of an instance until its status checks fail that has not booted by then. Default 120,000. */
  readonly impairedAfterMs: number;
  /** After which an instance that nobody has ended is terminated. Default an hour. */
  readonly maxInstanceLifeMs: number;
}

export const defaultSettings: Ec2Settings = {
  importTaskMs: 2000,
  snapshotCompletionMs: 300,
  imageCreationMs: 200,
  copyMs: 500,
  usageReportMs: 500,
  concurrentImports: 4,
  bootInstances: true,
  statusCheckMs: 2000,
  impairedAfterMs: 120_000,
  maxInstanceLifeMs: 3_600_000,
};
