import type { Digest } from '@ec2-image/provenance';

/** A volume; sizes in GiB, throughput in MiB/s. What is left out is EC2's default, and may be anything of an AMI that exists. */
export interface WantedVolume {
  readonly type?: 'gp3' | 'gp2' | 'io1' | 'io2' | 'st1' | 'sc1' | 'standard';
  readonly sizeGiB?: number;
  readonly iops?: number;
  readonly throughput?: number;
}

/** A device besides the root device: a volume, or an instance store. */
export interface WantedDevice {
  readonly deviceName: string;
  /** `ephemeral0`. */
  readonly virtualName?: string;
  readonly volume?: WantedVolume & {
    readonly snapshotId?: string;
    readonly encrypted?: boolean;
    readonly deleteOnTermination: boolean;
  };
}

/** What an AMI is asked to be. What is left out may be anything; `none` is to be unset. */
export interface WantedAmi {
  readonly digest: Digest;
  readonly architecture?: 'x86_64' | 'arm64';
  readonly bootMode?: 'legacy-bios' | 'uefi' | 'uefi-preferred' | 'none';
  readonly tpmSupport?: 'v2.0' | 'none';
  /** Set later on, too, and never unset. */
  readonly imdsSupport?: 'v2.0' | 'none';
  /** UEFI variables in base64. */
  readonly uefiData?: string;
  readonly rootDeviceName?: string;
  readonly rootVolume?: WantedVolume;
  /** All of them, besides the root device. */
  readonly devices?: readonly WantedDevice[];
  /** Of its root device; left out, either will do. */
  readonly encrypted?: boolean;
  readonly kmsKeyId?: string;
  /** Whether one will do whose snapshot was written without the blocks that its image never wrote. Default true. */
  readonly allowHoles?: boolean;
  /** Whether no other AMI of the account may have its root snapshot. Default false. */
  readonly ownSnapshot?: boolean;
  /** An AMI of this snapshot is ours whatever its tags. */
  readonly snapshotId?: string;
}
