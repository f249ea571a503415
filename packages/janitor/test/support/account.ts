import { setTimeout as delay } from 'node:timers/promises';
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { Clock } from '@ec2-image/aws-call';
import { type CallRecord, type ConditionsName, type SeedEc2Options, seedEc2 } from '@ec2-image/local-aws';
import { openTestAccount, type TestAccount } from '@ec2-image/local-aws/testing';
import { isOurs } from '@ec2-image/provenance';
import { test } from 'vitest';
import {
  defaultPolicy,
  type FindOptions,
  findLeftovers,
  type Plan,
  type Policy,
  planSweep,
  type RegionalClients,
  type SweepOptions,
  type SweepOutcome,
  sweep,
} from '../../src/index.ts';

export const accountId = '123456789012';
export const region = 'us-east-1';
export const otherRegion = 'eu-west-1';
export const bucket = 'imports';
export const prefix = 'ec2-image/';

/** Of another account, with a bucket policy that lets everybody in: what ExpectedBucketOwner is there for. */
export const otherAccount = {
  accessKeyId: 'AKIAOTHERACCOUNT0000',
  secretAccessKey: 'another',
  accountId: '210987654321',
};

/** How EC2 describes the snapshot of an import. */
export function importedBy(taskId: string): string {
  return `Created by AWS-VMImport service for ${taskId}`;
}

const hourMs = 3_600_000;

/** An account on a emulator of its own, at a time of its own: waiting moves its clock, not the real one. */
export interface JanitorAccount extends TestAccount {
  readonly clients: RegionalClients;
  readonly now: () => number;
  readonly clock: Clock;
  hoursAgo(hours: number): number;
  /** Does something as if it were then. */
  at<T>(time: number, work: () => Promise<T>): Promise<T>;
  seed(resources: Omit<SeedEc2Options, 'directory'>): void;
  find(policy?: Partial<Policy>, options?: Partial<FindOptions>): Promise<Plan>;
  sweep(plan: Plan, options?: Partial<SweepOptions>): Promise<SweepOutcome[]>;
  /** Finds and sweeps: what became of each resource that was to be deleted. */
  clean(
    policy?: Partial<Policy>,
    options?: Partial<FindOptions>,
  ): Promise<{ plan: Plan; outcomes: SweepOutcome[] }>;
  /** Everything that was changed from here on, in order: `DeleteSnapshot snap-…`. */
  watch(): () => string[];
}

/** A test with an account of its own, in which there is a bucket. */
// biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
export const it = test.extend('account', async ({}, { onCleanup }) => {
  const account = await openAccount('adverse');
  onCleanup(() => account[Symbol.asyncDispose]());
  return account;
});

/** For tests that count calls, or provoke one exact end. */
// biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
export const calmIt = test.extend('account', async ({}, { onCleanup }) => {
  const account = await openAccount('calm');
  onCleanup(() => account[Symbol.asyncDispose]());
  return account;
});

async function openAccount(conditions: ConditionsName): Promise<JanitorAccount> {
  let offsetMs = 0;
  const now = () => Date.now() + offsetMs;
  const account = await openTestAccount({
    now,
    region,
    buckets: [bucket],
    conditions,
    maxAttempts: 3,
    credentials: [otherAccount],
    // Long enough for a task to be seen running.
    ec2: { importTaskMs: 50 },
  });
  const clients = regionalClients(account);
  const clock: Clock = {
    now,
    random: () => 0.5,
    sleep: async (ms, signal) => {
      offsetMs += ms;
      await delay(20, undefined, { signal });
    },
  };
  const { aws, directory } = account;
  const janitor: JanitorAccount = {
    ...account,
    clients,
    now,
    clock,
    hoursAgo: (hours) => now() - hours * hourMs,
    async at(time, work) {
      const before = offsetMs;
      offsetMs = time - Date.now();
      try {
        return await work();
      } finally {
        offsetMs = before;
      }
    },
    seed: ({ snapshots = [], ...resources }) =>
      seedEc2({
        directory,
        accountId,
        region,
        ...resources,
        // As an import leaves what has its tags, unless the test says otherwise.
        snapshots: [...snapshots].map((snapshot) =>
          isOurs(snapshot.tags ?? {})
            ? { description: importedBy(`import-${snapshot.id ?? 'snap-0f'}`), ...snapshot }
            : snapshot,
        ),
      }),
    async find(policy = {}, options = {}) {
      const full = { ...defaultPolicy, ...policy };
      const facts = await findLeftovers({
        account: accountId,
        regions: [region],
        buckets: [bucket],
        prefixes: [prefix],
        clients,
        policy: full,
        clock,
        ...options,
      });
      return planSweep(facts, full);
    },
    sweep: (plan, options = {}) => sweep({ plan, account: accountId, clients, clock, ...options }),
    async clean(policy, options) {
      const plan = await janitor.find(policy, options);
      return { plan, outcomes: await janitor.sweep(plan) };
    },
    watch() {
      const after = aws.calls.list().at(-1)?.sequence ?? 0;
      const all = () => aws.calls.list({ after }).filter(({ mutating }) => mutating);
      if (conditions === 'calm') return () => all().map(describeCall);
      // What is refused for a moment, or carried out without an answer, is called again.
      return () => [
        ...new Set(
          all()
            .filter(({ met }) => met !== 'throttled')
            .map(describeCall),
        ),
      ];
    },
  };
  return janitor;
}

/** What a call names, as the log has it: of EC2's ids, or a key with its version or upload. */
function describeCall({ operation, parameters }: CallRecord): string {
  const named = ['ImageId', 'SnapshotId', 'ImportTaskId', 'ResourceId.1', 'key', 'versionId', 'uploadId'];
  return [operation, ...named.flatMap((name) => parameters[name] ?? [])].join(' ');
}

/** One client of each service and region, as the command has them. */
function regionalClients({ client }: TestAccount): RegionalClients {
  const perRegion = <C>(make: (region: string) => C): ((region: string) => C) => {
    const made = new Map<string, C>();
    return (wanted) => {
      const existing = made.get(wanted) ?? make(wanted);
      made.set(wanted, existing);
      return existing;
    };
  };
  return {
    s3: perRegion((wanted) => client(S3Client, { region: wanted })),
    ec2: perRegion((wanted) => client(EC2Client, { region: wanted })),
    autoScaling: perRegion((wanted) => client(AutoScalingClient, { region: wanted })),
    ssm: perRegion((wanted) => client(SSMClient, { region: wanted })),
  };
}

/** The verdicts of a plan: `snap-… delete`, `ami-… keep in-use`. */
export function verdicts(plan: Plan): string[] {
  return plan.resources.map((resource) =>
    [resource.id, resource.verdict, ...(resource.verdict === 'keep' ? [resource.code] : [])].join(' '),
  );
}

/** What became of resources: `snap-… deleted`. */
export function results(outcomes: readonly SweepOutcome[]): string[] {
  return outcomes.map(({ resource, outcome }) => `${resource.id} ${outcome}`);
}
