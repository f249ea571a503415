import { z } from 'zod';
import { JanitorError } from './errors.ts';
import { type Kind, type ResourceFact, refOf } from './facts.ts';
import { planLifetimeMs } from './policy.ts';

/** One resource of an account, named so that it can be found again. */
export interface NamedResource {
  readonly kind: Kind;
  /** Names the resource among all of the account's. */
  readonly ref: string;
  /** AWS's id; an object's key. */
  readonly id: string;
  readonly region: string;
  /** The AMI's name, or the AMI's that it was made for. */
  readonly name?: string;
  readonly bucket?: string;
  readonly key?: string;
  readonly versionId?: string;
}

/**
 * What is read of a saved plan: whose it is, from when, and the names of what it would change. Everything else in it
 * (where to look, policy, ages, proofs) is for those who read it: a file can be edited.
 */
export interface SavedPlan {
  readonly account: string;
  readonly madeAt: string;
  readonly expiresAt: string;
  readonly changes: readonly NamedChange[];
}

const changing = ['delete', 'deprecate', 'disable', 'enable'] as const;

/** What a plan says of a resource that it does not keep. */
export interface NamedChange extends NamedResource {
  readonly verdict: (typeof changing)[number];
}

const text = z.string().min(1);
const ids: Readonly<Record<Exclude<Kind, 'upload' | 'object'>, RegExp>> = {
  instance: /^i-[0-9a-z]+$/,
  task: /^import-snap-[0-9a-z]+$/,
  ami: /^ami-[0-9a-z]+$/,
  snapshot: /^snap-[0-9a-z]+$/,
};

const named = z
  .object({
    verdict: z.enum(changing),
    kind: z.enum(['instance', 'upload', 'task', 'ami', 'snapshot', 'object']),
    ref: text,
    id: text,
    region: text,
    name: z.string().optional(),
    bucket: text.optional(),
    key: text.optional(),
    versionId: z.string().optional(),
  })
  .refine((resource) => refOfNamed(resource) === resource.ref, {
    error: 'its kind, id and place are not those of its ref',
  });

const plan = z.object({
  version: z.literal(1),
  account: z.string(),
  madeAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  resources: z.array(
    z.discriminatedUnion('verdict', [
      z.looseObject({ verdict: z.enum(changing) }),
      z.looseObject({ verdict: z.literal('keep') }),
    ]),
  ),
});

/** Where a fact has its id. */
const idField = { instance: 'instanceId', ami: 'imageId', snapshot: 'snapshotId', task: 'taskId' } as const;

/** Undefined where the fields do not name a resource of this kind. */
function refOfNamed({ kind, id, region, bucket, key, versionId }: NamedResource): string | undefined {
  if (kind === 'upload' || kind === 'object') {
    if (bucket === undefined || key === undefined || (kind === 'object' && id !== key)) return undefined;
    const place = { region, bucket, key };
    return refOf(
      kind === 'upload' ? { ...place, kind, uploadId: id } : { ...place, kind, versionId, sizeBytes: 0 },
    );
  }
  // Of these nothing but region and id makes the ref.
  return ids[kind].test(id)
    ? refOf({ kind, region, [idField[kind]]: id } as unknown as ResourceFact)
    : undefined;
}

/**
 * Reads what `--save-plan` wrote. Entries may have been taken out by hand.
 *
 * @throws JanitorError `PLAN_UNREADABLE`
 */
export function parsePlan(json: string): SavedPlan {
  try {
    const { resources, ...rest } = plan.parse(JSON.parse(json));
    const changes = resources
      .filter(({ verdict }) => verdict !== 'keep')
      .map((resource) => named.parse(resource));
    return {
      account: rest.account,
      madeAt: rest.madeAt,
      expiresAt: rest.expiresAt,
      changes: [
        ...new Map(changes.map((resource) => [`${resource.kind} ${resource.ref}`, resource])).values(),
      ],
    };
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : String((error as Error).message);
    throw new JanitorError('PLAN_UNREADABLE', `not a plan of the janitor: ${detail}`, {
      hint: 'Make a new plan with --save-plan.',
      cause: error,
    });
  }
}

/** How far two clocks may be apart. */
const clockSkewMs = 5 * 60_000;

/**
 * Whether the plan may still be carried out with these credentials, whatever expiry it claims for itself.
 *
 * @throws JanitorError `PLAN_OF_ANOTHER_ACCOUNT`, `PLAN_EXPIRED` or `PLAN_FROM_THE_FUTURE`
 */
export function checkSavedPlan(
  saved: Pick<SavedPlan, 'account' | 'madeAt' | 'expiresAt'>,
  { account, now }: { readonly account: string; readonly now: number },
): void {
  const { madeAt } = saved;
  if (saved.account !== account) {
    throw new JanitorError(
      'PLAN_OF_ANOTHER_ACCOUNT',
      `the plan is of account ${saved.account}, the credentials are of ${account}`,
      {
        hint: 'Use the credentials of the account that the plan was made in.',
        facts: { planAccount: saved.account, account },
      },
    );
  }
  if (Date.parse(madeAt) > now + clockSkewMs) {
    throw new JanitorError('PLAN_FROM_THE_FUTURE', `the plan says that it was made at ${madeAt}`, {
      hint: "Check this machine's clock, or make a new plan with --save-plan.",
      facts: { madeAt },
    });
  }
  const expiresAt = Math.min(Date.parse(saved.expiresAt), Date.parse(madeAt) + planLifetimeMs);
  if (now >= expiresAt) {
    const expired = new Date(expiresAt).toISOString();
    throw new JanitorError('PLAN_EXPIRED', `the plan was made at ${madeAt} and expired at ${expired}`, {
      hint: 'Make a new plan with --save-plan and review it.',
      facts: { madeAt, expiresAt: expired },
    });
  }
}
