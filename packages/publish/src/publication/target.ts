import type { Image } from '@aws-sdk/client-ec2';
import type { CopyAmiOptions } from '../copy/copy-ami.ts';
import type { Ec2Options } from '../ec2.ts';
import type { ParameterEntry } from '../parameters/put-parameters.ts';
import type { ParameterValue } from '../parameters/read-parameters.ts';
import type { ConfiguredAmi } from '../published/published-ami.ts';

/** The AMI that is published, in the region that it was registered in. */
export interface PublishSource {
  readonly region: string;
  /** As DescribeImages gives it: available. */
  readonly image: Image;
}

/** How SSM parameters of a region are read and written. */
export interface ParameterAccess {
  read(names: readonly string[]): Promise<readonly ParameterValue[]>;
  /** Resolves once SSM shows each with the AMI. */
  put(entries: readonly ParameterEntry[]): Promise<void>;
}

/** A region, reached. */
export interface RegionSession {
  readonly ec2: Ec2Options;
  /** Whose AMIs they are; undefined where that is not known. */
  readonly account?: string;
  readonly inTurn?: CopyAmiOptions['inTurn'];
  /** Undefined where no parameters are asked for. */
  readonly parameters?: ParameterAccess;
  /** How many public AMIs the account may have there; undefined where that is not known. */
  readonly publicAmiLimit?: () => Promise<number | undefined>;
  /** How many AMIs of other images become public there before this one. Default 0. */
  readonly publicAmisToCome?: number;
  /** Whether a KMS key is AWS's own. */
  readonly isAwsKey?: (key: string) => Promise<boolean>;
}

/** One region to publish to. */
export interface PublishTarget {
  readonly region: string;
  /** False: its failure is a warning. */
  readonly required: boolean;
  readonly configured: ConfiguredAmi;
  /** Of a copy; undefined: as the source is, and as the region has it by default. */
  readonly encryption?: CopyAmiOptions['encryption'];
  readonly completionMinutes?: number;
  /** Whether what ec2-image made of an earlier AMI of the name is deregistered for this one. Default false. */
  readonly replace?: boolean;
  /** The parameters that name another AMI of the image there. */
  readonly parametersOf: (image: Image) => readonly string[];
  /** It may take as long as it takes: the other regions do not wait for it. */
  open(): Promise<RegionSession>;
}
