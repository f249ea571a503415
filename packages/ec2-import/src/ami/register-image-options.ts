import type { Tags } from '@ec2-image/provenance';
import type { Ec2Options } from '../ec2/ec2.ts';
import type { AmiFacts } from './ami.ts';
import type { ImageUpdate } from './update-image.ts';
import type { WantedAmi } from './wanted-ami.ts';

export interface RegisterImageOptions extends Ec2Options, Omit<WantedAmi, 'snapshotId'>, ImageUpdate {
  readonly name: string;
  readonly architecture: 'x86_64' | 'arm64';
  readonly snapshot: { readonly snapshotId: string };
  /** For the AMI: `Name`, `automation`, the user's own, provenance. Set with RegisterImage itself where the account allows it. */
  readonly tags: Tags;
  /** Deregister an earlier AMI made by ec2-image that has this name and is not the wanted one, and delete its snapshots afterwards. Default false. */
  readonly replace?: boolean;
  /** Awaited before an AMI is deregistered for that: where it rejects, the AMI stays, and none is registered. */
  readonly beforeReplacing?: (ami: AmiFacts) => Promise<void>;
  /** An AMI made by ec2-image that is the wanted one, but has another snapshot, is replaced too. Default false. */
  readonly fresh?: boolean;
  /** How long EC2 may take to make the AMI available. Default 15 minutes. */
  readonly amiTimeoutMs?: number;
  /** The AMI stands, or was found standing; its tags and its availability are still to be seen to. */
  readonly onRegistered?: (imageId: string) => void;
}
