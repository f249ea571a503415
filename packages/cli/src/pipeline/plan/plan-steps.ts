import type { PlannedDownload } from '@ec2-image/fetch';
import type { ProofExtent } from '@ec2-image/provenance';
import type { SentParts } from '@ec2-image/s3-upload';
import type { PlannedStep } from './planned.ts';

/** What of the request decides about the steps. */
export interface PlanRequest {
  readonly via: 's3' | 'ebs';
  readonly proof: ProofExtent;
  readonly verify: boolean;
  readonly amiName: string;
  /** Whether the AMI is to be tested. */
  readonly testsBoot: boolean;
}

/** What lacks in a result of an earlier run before it may be used: the image has to be read for it. */
export interface Lacks {
  /** Nothing records that the image is signed. */
  readonly signer: boolean;
  /** Nothing records how the image boots. */
  readonly bootMode: boolean;
  /** It is not proven as far as the request asks. */
  readonly proof: boolean;
}

/** What was found, from the end; what comes before the first find was not looked for. */
export type Found = { readonly removes?: { readonly imageId: string } } & (
  | {
      readonly rung: 'ami';
      readonly imageId: string;
      readonly snapshotId?: string;
      readonly lacks: Lacks;
      /** Whether a boot test has passed. */
      readonly boots: boolean;
      /** Keys, by the resource that lacks them or has another value. */
      readonly tags: ReadonlyMap<string, readonly string[]>;
      /** In words: `the description`. */
      readonly settings: readonly string[];
    }
  | {
      readonly rung: 'snapshot';
      readonly snapshotId: string;
      readonly lacks: Lacks;
      /** It was made for another AMI, and this one is to have its own. */
      readonly isCopied: boolean;
    }
  | {
      readonly rung: 'task';
      readonly taskId: string;
      readonly percent?: number;
      readonly lacks: Lacks;
      /** Another AMI that it runs for, where this one is to have a snapshot of its own. */
      readonly runsFor?: string;
    }
  | { readonly rung: 'object'; readonly url: string; readonly sizeBytes: number; readonly lacks: Lacks }
  | {
      readonly rung: 'none';
      /** Of an upload that an earlier run has not completed. */
      readonly sent?: SentParts;
    }
);

/** Whether the image itself has to be there for what was found. */
export function needsImage(found: Found, { proof, verify }: Pick<PlanRequest, 'proof' | 'verify'>): boolean {
  if (verify) return true;
  switch (found.rung) {
    case 'none':
      return true;
    case 'ami':
      return found.lacks.signer || found.lacks.proof;
    default:
      return found.lacks.signer || found.lacks.bootMode || (found.lacks.proof && proof !== 'none');
  }
}

/** The steps that an import would take or leave out for what exists, in their order. `download` is that of an image that is needed. */
export function planSteps(
  found: Found,
  { request, download }: { readonly request: PlanRequest; readonly download?: PlannedDownload },
): PlannedStep[] {
  return [
    ...(download ? [downloadStep(download)] : []),
    ...obtainSteps(found, request),
    ...amiSteps(found, request),
    ...(request.verify
      ? [
          {
            step: 'verify',
            action: 'make',
            what: 'compare every block of the snapshot with the image',
          } as const,
        ]
      : []),
    ...(request.testsBoot ? [bootTestStep(found)] : []),
  ];
}

function bootTestStep(found: Found): PlannedStep {
  if (found.rung === 'ami' && found.boots)
    return { step: 'boot-test', action: 'reuse', what: 'passed by an earlier run' };
  const which = found.rung === 'ami' ? found.imageId : 'the AMI';
  return { step: 'boot-test', action: 'make', what: `start an instance of ${which} to see that it boots` };
}

function downloadStep({ outcome, bytes, keptBytes }: PlannedDownload): PlannedStep {
  switch (outcome) {
    case 'local':
      return { step: 'download', action: 'reuse', what: 'a file of this machine, to be hashed' };
    case 'reused':
      return { step: 'download', action: 'reuse', what: 'in the work directory, to be hashed' };
    case 'download':
      return {
        step: 'download',
        action: 'make',
        what: keptBytes > 0 ? 'download the rest of the image' : 'download the image',
        ...(bytes !== undefined && { bytes }),
        ...(keptBytes > 0 && { keptBytes }),
      };
  }
}

/** Up to the snapshot. */
function obtainSteps(found: Found, { via, proof }: PlanRequest): PlannedStep[] {
  const prove = (lacking: boolean, how: string): PlannedStep[] => {
    if (!lacking) return [{ step: 'prove', action: 'reuse', what: 'proven by an earlier run' }];
    return proof === 'none' ? [] : [{ step: 'prove', action: 'make', what: how }];
  };
  const whileImporting = prove(true, `prove image and snapshot equal (${proof})`);
  switch (found.rung) {
    case 'ami':
      return found.lacks.proof
        ? prove(true, `read ${found.snapshotId ?? 'the snapshot'} to prove it (${proof} is asked for)`)
        : [];
    case 'snapshot':
      return [
        { step: 'import', action: 'reuse', what: `snapshot ${found.snapshotId}` },
        ...prove(found.lacks.proof, `prove ${found.snapshotId} (${proof})`),
        ...(found.isCopied
          ? [{ step: 'import', action: 'make', what: `copy ${found.snapshotId}` } as const]
          : []),
      ];
    case 'task': {
      const percent = found.percent === undefined ? '' : `, ${found.percent} %`;
      return [
        { step: 'import', action: 'wait', what: `import task ${found.taskId} is running${percent}` },
        ...whileImporting,
        ...(found.runsFor === undefined
          ? []
          : [
              {
                step: 'import',
                action: 'make',
                what: `copy the snapshot of ${found.taskId}, unless ${found.runsFor} leaves it to this AMI`,
              } as const,
            ]),
      ];
    }
    case 'object':
      return [
        { step: 'upload', action: 'reuse', what: `object ${found.url}` },
        { step: 'import', action: 'make', what: 'import the object as a snapshot' },
        ...whileImporting,
      ];
    case 'none':
      return via === 'ebs'
        ? [
            { step: 'import', action: 'make', what: 'write the snapshot through EBS direct' },
            ...whileImporting,
          ]
        : [
            uploadStep(found.sent),
            { step: 'import', action: 'make', what: 'import the object as a snapshot' },
            ...whileImporting,
          ];
  }
}

function uploadStep(sent: SentParts | undefined): PlannedStep {
  if (!sent) return { step: 'upload', action: 'make', what: 'convert the image and upload the disk' };
  const parts = sent.count === 1 ? '1 part of it is there' : `${sent.count} parts of it are there`;
  return {
    step: 'upload',
    action: 'make',
    what: `convert the image and upload the rest of the disk: ${parts}`,
    keptBytes: sent.bytes,
  };
}

function amiSteps(found: Found, { amiName }: PlanRequest): PlannedStep[] {
  const removed: PlannedStep[] = found.removes
    ? [
        {
          step: 'register',
          action: 'remove',
          what: `deregister ${found.removes.imageId}, which has the same name, and delete its snapshots`,
        },
      ]
    : [];
  if (found.rung !== 'ami') {
    return [
      ...removed,
      { step: 'register', action: 'make', what: `register the AMI ${amiName} with its tags` },
    ];
  }
  const { imageId, tags, settings } = found;
  const changed: PlannedStep[] = settings.map((what) => ({
    step: 'register',
    action: 'change',
    what: `change ${what} of ${imageId}`,
  }));
  const written = [...tags].map(
    ([id, keys]): PlannedStep => ({
      step: 'tag',
      action: 'change',
      what: `set the tags ${keys.join(', ')} of ${id}`,
    }),
  );
  return [{ step: 'register', action: 'reuse', what: `AMI ${imageId}` }, ...changed, ...written];
}
