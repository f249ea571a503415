import type { ServiceName } from '../service.ts';

/** A fault as it is given from outside: in the options, in a JSON file, or over HTTP. */
export interface FaultRule {
  /** Chosen when the rule is added, where it is not given. */
  readonly id?: string;
  readonly match?: FaultMatch;
  /** The first matching call that it strikes, counted from 1, the default. */
  readonly nth?: number;
  /** How many calls it strikes, in a row; 1 where it is not given. */
  readonly times?: number | 'always';
  readonly action: FaultAction;
}

/** Nothing given matches every call. */
export interface FaultMatch {
  readonly service?: ServiceName;
  /** That the call is signed for. */
  readonly region?: string;
  /** As the SDK spells it: `UploadPart`. */
  readonly operation?: string;
  /** Each must be among the call's parameters, as its log shows them; `*` stands for any run of characters. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Calls that change something, or those that only read. */
  readonly mutating?: boolean;
  /** Only while more calls of the operation than this are under way, this one included: what a slow line or a busy service cannot take. */
  readonly moreThan?: number;
}

export type When = 'before' | 'after';

/** Misfortunes that each service spells in its own way, but for those that are one service's alone. */
export const presets = [
  'throttling',
  /** Throttling in the service's other words. */
  'slow-down',
  'access-denied',
  'expired-token',
  'invalid-token',
  /** Also what a region answers that is not enabled: credentials are not known there. */
  'unknown-key',
  'invalid-signature',
  /** A clock that is more than 15 minutes behind, or ahead. */
  'signature-expired',
  'signature-not-yet-current',
  'opt-in-required',
  'region-disabled',
  'kms-access-denied',
  'kms-key-missing',
  'kms-key-disabled',
  'kms-grant-missing',
  'kms-throttling',
  'block-unread',
  'write-timeout',
  'internal-error',
  'unavailable',
  /** A body of HTML, as a load balancer sends it. */
  'html-502',
  'html-503',
] as const;
export type Preset = (typeof presets)[number];
export type Shows = 'answer' | 'lists' | 'bytes';

interface Where {
  /** In bytes from the start; where it is not given, the middle. */
  readonly offset?: number;
  /** For a call that stores nothing itself (CompleteMultipartUpload, HeadObject): the part that it strikes. */
  readonly partNumber?: number;
  /** From where on the truth can be seen: the call's own `answer` (the default), later `lists` and heads, or the `bytes` alone. */
  readonly shows?: Shows;
}

/** What the core carries out on any call; `before` it acts or `after` it did but has not answered. Default `before`. */
export type CallAction =
  | {
      readonly kind: 'error';
      readonly when?: When;
      /** The service's own status, code and words for it; each can be replaced. A preset of one service needs `match.service`. */
      readonly preset?: Preset;
      readonly status?: number;
      readonly code?: string;
      readonly message?: string;
      /** EBS direct's `Reason` beside the code. */
      readonly reason?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Resets the connection. */
  | { readonly kind: 'drop'; readonly when?: When }
  /** Until the client gives up, or the rule is removed: then the call continues. */
  | { readonly kind: 'hang'; readonly when?: When }
  | { readonly kind: 'delay'; readonly when?: When; readonly ms: number }
  /** Sends the head and so many bytes of the answer's body, then resets the connection. */
  | { readonly kind: 'cut'; readonly afterBytes: number };

/** What a service asks for by `Faults.take` where it is about to act. */
export type ServiceAction =
  /** S3: one bit of what is stored, or (`GetObject`) of what is sent. */
  | ({ readonly kind: 'flip-bit'; readonly bit?: number } & Where)
  /** S3: so many bytes are missing at the end (default 1) of what is stored. */
  | ({ readonly kind: 'truncate'; readonly bytes?: number } & Omit<Where, 'offset'>)
  /** S3: the bytes are stored twice, one after the other. */
  | ({ readonly kind: 'duplicate' } & Omit<Where, 'offset'>)
  /** S3 CompleteMultipartUpload, CopyObject, UploadPartCopy: an error inside an answer of status 200. */
  | { readonly kind: 'error-in-200'; readonly when?: When; readonly code?: string; readonly message?: string }
  /** S3 PutObject, CompleteMultipartUpload: another writer came first. */
  | { readonly kind: 'conflict' }
  /** EC2 ImportSnapshot: the task ends so (status default `deleted`). */
  | { readonly kind: 'task-fails'; readonly statusMessage: string; readonly status?: string }
  /** EC2 ImportSnapshot: the task stays active at this percentage. */
  | { readonly kind: 'task-stalls'; readonly progress?: number }
  /** EC2 CancelImportTask: the task completes all the same. */
  | { readonly kind: 'completes-while-cancelling' }
  /** EC2 CopyImage, CopySnapshot: the copy ends as `failed`, or `error`, with this message. */
  | { readonly kind: 'copy-fails'; readonly statusMessage: string }
  /** EC2 CopyImage, CopySnapshot: the copy stays pending. */
  | { readonly kind: 'copy-stalls' }
  /** EBS PutSnapshotBlock: the block is being written for so long; another write of it meanwhile is in conflict. */
  | { readonly kind: 'slow-write'; readonly ms: number }
  /** EC2: what the call made, or changed, is not seen by describe calls for so long. */
  | { readonly kind: 'unseen'; readonly ms: number };

export type FaultAction = CallAction | ServiceAction;
export type FaultKind = FaultAction['kind'];
export type ActionOf<Kind extends FaultKind> = Extract<FaultAction, { kind: Kind }>;

/** Every kind, with the fields it takes; what is not here is refused. */
export const actionFields: {
  readonly [Kind in FaultKind]: readonly Exclude<keyof ActionOf<Kind>, 'kind'>[];
} = {
  error: ['when', 'preset', 'status', 'code', 'message', 'reason', 'headers'],
  drop: ['when'],
  hang: ['when'],
  delay: ['when', 'ms'],
  cut: ['afterBytes'],
  'flip-bit': ['bit', 'offset', 'partNumber', 'shows'],
  truncate: ['bytes', 'partNumber', 'shows'],
  duplicate: ['partNumber', 'shows'],
  'error-in-200': ['when', 'code', 'message'],
  conflict: [],
  'task-fails': ['statusMessage', 'status'],
  'task-stalls': ['progress'],
  'completes-while-cancelling': [],
  'copy-fails': ['statusMessage'],
  'copy-stalls': [],
  'slow-write': ['ms'],
  unseen: ['ms'],
};

const callKinds: ReadonlySet<string> = new Set(['error', 'drop', 'hang', 'delay', 'cut']);

export function isCallAction(action: FaultAction): action is CallAction {
  return callKinds.has(action.kind);
}
