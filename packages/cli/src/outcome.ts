import type { Image } from '@aws-sdk/client-ec2';
import type { ProofExtent } from '@ec2-image/provenance';
import type { Explained } from './errors/explain.ts';

export const stepNames = [
  'download',
  'checksum',
  'convert',
  'upload',
  'import',
  'prove',
  'register',
  'tag',
  'boot-test',
  'copy',
  'share',
  'deprecate',
  'announce',
] as const;
export type StepName = (typeof stepNames)[number];
export type StepOutcome = 'done' | 'reused' | 'skipped' | 'failed';

export interface StepReport {
  readonly step: StepName;
  readonly outcome: StepOutcome;
  readonly seconds: number;
  /** Moved, not merely read. Left out where a step moves none. */
  readonly bytes?: number;
}

/** The value of `ec2-image:boot-mode`: by what an image can be booted. `none`: by nothing that was found. */
export const bootFindings = ['uefi-preferred', 'uefi', 'legacy-bios', 'none'] as const;
export type BootFinding = (typeof bootFindings)[number];

export interface FoundBoot {
  readonly finding: BootFinding;
  /** What it was concluded from, for people. */
  readonly reason: string;
}

/** One stage of an image, as it ran. Stages overlap, and one that was repeated appears each time. */
export interface StageSpan {
  /** A step, or what lies between the steps. */
  readonly stage: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly seconds: number;
  /** `interrupted` too where the run ended with something else. */
  readonly outcome: Exclude<StepOutcome, 'skipped'> | 'interrupted';
  readonly bytes?: number;
}

export interface TimedNotice {
  /** ISO 8601. */
  readonly at: string;
  readonly message: string;
}

/** What happened to one image, and when. */
export interface ImageHistory {
  /** ISO 8601. */
  readonly startedAt: string;
  /** By the clock on the wall: stages overlap, so this is not their sum. */
  readonly seconds: number;
  readonly stages: readonly StageSpan[];
  readonly notices: readonly TimedNotice[];
}

/** Requests of one kind that were repeated. */
export interface RepeatedRequests {
  readonly service: string;
  readonly operation: string;
  /** AWS's code, or the name of what the connection failed with. */
  readonly error: string;
  readonly count: number;
  /** ISO 8601, as `lastAt`. */
  readonly firstAt: string;
  readonly lastAt: string;
}

export const chainEnds = ['publisher', 'digest', 'image', 'disk', 'object', 'snapshot'] as const;
export type ChainEnd = (typeof chainEnds)[number];

/** One link of the chain from the publisher to the snapshot, as this run has shown it. */
export interface ChainLink {
  readonly from: ChainEnd;
  readonly to: ChainEnd;
  /** For people. */
  readonly shownBy: string;
  /** A digest or a checksum, with its algorithm. */
  readonly value?: string;
  /** ISO 8601. */
  readonly at: string;
}

/** Of an AMI that is published: `withheld` where something is to be revoked, `partial` where a region has failed. */
export type PublishOutcome = 'published' | 'unchanged' | 'withheld' | 'partial' | 'failed' | 'interrupted';

/** What became of the publication of one image: an entry of `publish --json`. */
export interface PublishResult {
  readonly name: string;
  readonly amiName: string | null;
  readonly outcome: PublishOutcome;
  /** In the region of the import. */
  readonly imageId: string | null;
  /** Of its root device. */
  readonly snapshotId: string | null;
  readonly region: string;
  readonly architecture: string;
  /** What the AMI was made from; without a digest where the run ended before it was known. */
  readonly source: { readonly url: string; readonly digest: string | null };
  /** That of the import first. */
  readonly regions: readonly RegionResult[];
  readonly error?: Explained;
}

export interface ReportedBootTest {
  readonly booted: boolean;
  /** What showed it: `the console matches …`, `passed before`. */
  readonly reason: string;
  /** Of a test that this run made. */
  readonly instanceType?: string | undefined;
  /** The last lines of the console, of a test that this run made. */
  readonly console?: readonly string[] | undefined;
}

export type ImageOutcome = 'imported' | 'reused' | 'partial' | 'failed' | 'interrupted';

/** Kinds of changes of an AMI in a region, in the order of effects. */
export const regionChanges = ['copied', 'revoked', 'shared', 'deprecated', 'protected', 'announced'] as const;
export type RegionChange = (typeof regionChanges)[number];

/** What became of an AMI in one region. */
export interface RegionResult {
  readonly region: string;
  readonly imageId: string | null;
  readonly snapshotId: string | null;
  readonly outcome: 'published' | 'unchanged' | 'withheld' | 'failed';
  /** False: its failure is a warning. */
  readonly required: boolean;
  /** The kinds of what was changed. */
  readonly changed: readonly RegionChange[];
  /** What was changed, in words. */
  readonly made: readonly string[];
  /** What would be revoked with `--apply`, in words. */
  readonly withheld: readonly string[];
  readonly error?: Explained;
}

/** What became of one image: an entry of `images` in the `--json` document. */
export interface ImageResult {
  readonly name: string;
  /** Null where the run ended before the digest, which gives the suffix, was known. */
  readonly amiName: string | null;
  readonly outcome: ImageOutcome;
  readonly imageId: string | null;
  readonly snapshotId: string | null;
  readonly region: string;
  readonly architecture: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly source: {
    readonly url: string;
    readonly digest: string | null;
    /** The fingerprint of the primary key that signed it, where a keyring was given. */
    readonly signedBy?: string;
  };
  /** What the image can be booted by, where `boot-mode` is `auto` and it is known. */
  readonly bootMode?: { readonly found: BootFinding; readonly reason: string };
  /** Of an AMI whose boot was tested, by this run or an earlier one. */
  readonly bootTest?: ReportedBootTest;
  /** The entry of DescribeImages. */
  readonly image: Image | null;
  /** Of the snapshot; null where none is known. */
  readonly proof: {
    readonly extent: ProofExtent;
    /** ISO 8601; only of a proof that this run made. */
    readonly madeAt?: string | undefined;
    /** Negative where the import task had ended before; only where there was one to wait for. */
    readonly secondsBeforeImportEnd?: number | undefined;
  } | null;
  /** Where the AMI is published, the region of the import first; empty where nothing asks for that. */
  readonly regions: readonly RegionResult[];
  readonly steps: readonly StepReport[];
  /** In the order in which they were shown; what an earlier run has shown is not in it. */
  readonly chain: readonly ChainLink[];
  /** Undefined where nobody recorded it. */
  readonly history?: ImageHistory;
  readonly error?: Explained;
  /**
   * What may still be in the account, in words: after a run that failed or was interrupted, whatever the same command
   * resumes from; after any other, the versions of an object that it was not allowed to delete.
   */
  readonly leftovers?: readonly string[];
}

/** One that failed later on may be anything: it is named, and neither announced nor pinned. */
export function hasUsableAmi({
  outcome,
  imageId,
}: {
  readonly outcome: ImageOutcome | PublishOutcome;
  readonly imageId: string | null;
}): boolean {
  return imageId !== null && outcome !== 'failed' && outcome !== 'interrupted';
}
