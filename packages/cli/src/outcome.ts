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

export type ImageOutcome = 'imported' | 'reused' | 'partial' | 'failed' | 'interrupted';

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
  readonly steps: readonly StepReport[];
  readonly error?: Explained;
  /**
   * What may still be in the account, in words: after a run that failed or was interrupted, whatever the same command
   * resumes from; after any other, the versions of an object that it was not allowed to delete.
   */
  readonly leftovers?: readonly string[];
}
