import type { FleetFacts } from './fleets/fleets.ts';

/** What every resource has. */
export interface Seed {
  /** Default: a new one. */
  readonly id?: string;
  /** Milliseconds since 1970; default now. */
  readonly createdAt?: number;
  readonly tags?: Readonly<Record<string, string>>;
}

/** A snapshot without bytes: it can be described, tagged and deleted, not read. */
export interface SeedSnapshot extends Seed {
  readonly description?: string;
  /** Default 8. */
  readonly volumeSizeGiB?: number;
  readonly fullSizeBytes?: number;
  /** By AWS's own key, unless `kmsKeyId` names another. */
  readonly encrypted?: boolean;
  /** An ARN. */
  readonly kmsKeyId?: string;
  /** Default `completed`. */
  readonly state?: 'pending' | 'completed' | 'error';
  /** Account ids, or `all`. */
  readonly createVolumePermissions?: readonly string[];
  /** Default `vol-ffffffff`: it was made from no volume, as an import, EBS direct and CopySnapshot make it. */
  readonly volumeId?: string;
}

export interface SeedImage extends Seed {
  readonly name: string;
  /** The first is the root device's. */
  readonly snapshotIds: readonly string[];
  readonly description?: string;
  /** Default 8. */
  readonly volumeSizeGiB?: number;
  /** Default `x86_64`. */
  readonly architecture?: string;
  /** Default `available`. */
  readonly state?: 'pending' | 'available' | 'failed' | 'disabled';
  readonly lastLaunchedAt?: number;
  /** Milliseconds since 1970. */
  readonly deprecatedAt?: number;
  /** Account ids, or `all`. */
  readonly launchPermissions?: readonly string[];
  /** Against deregistration, without a cooldown. */
  readonly isProtected?: boolean;
  /** Of an AMI that CopyImage or CreateImage made. */
  readonly sourceImageId?: string;
  readonly sourceImageRegion?: string;
  /** Of an AMI that CreateImage made. */
  readonly sourceInstanceId?: string;
}

export interface SeedImportTask extends Seed {
  readonly bucket: string;
  readonly key: string;
  /** Default `completed`. One that is still `active` stays so at 19 %, until it is cancelled. */
  readonly status?: 'active' | 'completed' | 'deleted' | 'cancelled';
  readonly statusMessage?: string;
  readonly snapshotId?: string;
  readonly format?: 'RAW' | 'VHD' | 'VHDX' | 'VMDK';
}

/** An EC2 Fleet of type `maintain` whose overrides name AMIs and snapshots: CreateFleet refuses such a one now. */
export interface SeedFleet extends Seed {
  readonly imageIds?: readonly string[];
  readonly snapshotIds?: readonly string[];
  /** Default `active`. */
  readonly state?: FleetFacts['state'];
}

/** One that runs, of anybody's AMI: a record. */
export interface SeedInstance extends Seed {
  readonly imageId: string;
}

/** What is deleted from now on and has any of these tags (without `tags`: all of its type) goes to the Recycle Bin. */
export interface SeedRetentionRule {
  readonly type: 'image' | 'snapshot';
  readonly days: number;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface SeedEc2Options {
  /** An emulator's; it need not run, and may. */
  readonly directory: string;
  /** Default `123456789012`. */
  readonly accountId?: string;
  /** Default `us-east-1`. */
  readonly region?: string;
  readonly snapshots?: Iterable<SeedSnapshot>;
  readonly images?: Iterable<SeedImage>;
  readonly importTasks?: Iterable<SeedImportTask>;
  readonly fleets?: Iterable<SeedFleet>;
  readonly instances?: Iterable<SeedInstance>;
  readonly retentionRules?: Iterable<SeedRetentionRule>;
}
