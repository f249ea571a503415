import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import {
  type CallRecord,
  exampleCredentials,
  type LocalAws,
  type SeedEc2Options,
  seedEc2,
  startLocalAws,
} from '@ec2-image/local-aws';
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

const hourMs = 3_600_000;

/** An account on a stand-in of its own, at a time of its own: waiting moves its clock, not the real one. */
export interface TestAccount extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly clients: RegionalClients;
  readonly ec2: EC2Client;
  readonly s3: S3Client;
  readonly now: () => number;
  /** What waiting verbs take. */
  readonly waits: Pick<SweepOptions, 'now' | 'sleep'>;
  readonly directory: string;
  hoursAgo(hours: number): number;
  /** Does something as if it were then. */
  at<T>(time: number, work: () => Promise<T>): Promise<T>;
  seed(things: Omit<SeedEc2Options, 'directory'>): void;
  find(policy?: Partial<Policy>, options?: Partial<FindOptions>): Promise<Plan>;
  sweep(plan: Plan, options?: Partial<SweepOptions>): Promise<SweepOutcome[]>;
  /** Finds and sweeps: what became of each thing that was to be deleted. */
  clean(
    policy?: Partial<Policy>,
    options?: Partial<FindOptions>,
  ): Promise<{ plan: Plan; outcomes: SweepOutcome[] }>;
  /** Everything that was changed from here on, in order: `DeleteSnapshot snap-…`. */
  watch(): () => string[];
}

export async function openAccount(): Promise<TestAccount> {
  const directory = await mkdtemp(join(tmpdir(), 'janitor-'));
  let offsetMs = 0;
  const now = () => Date.now() + offsetMs;
  const aws = await startLocalAws({
    directory,
    now,
    credentials: [otherAccount],
    ec2: { importTaskMs: 50, imageCreationMs: 0, snapshotCompletionMs: 0 },
  });
  const clients = clientsOf(aws.url);
  const waits = {
    now,
    sleep: async (ms: number, signal?: AbortSignal) => {
      offsetMs += ms;
      await delay(20, undefined, { signal });
    },
  };
  const account: TestAccount = {
    aws,
    clients,
    ec2: clients.ec2(region),
    s3: clients.s3(region),
    now,
    waits,
    directory,
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
    seed: (things) => seedEc2({ directory, accountId, region, ...things }),
    async find(policy = {}, options = {}) {
      const full = { ...defaultPolicy, ...policy };
      const facts = await findLeftovers({
        account: accountId,
        regions: [region],
        buckets: [bucket],
        prefixes: [prefix],
        clients,
        policy: full,
        now,
        ...options,
      });
      return planSweep(facts, full);
    },
    sweep: (plan, options = {}) => sweep({ plan, account: accountId, clients, ...waits, ...options }),
    async clean(policy, options) {
      const plan = await account.find(policy, options);
      return { plan, outcomes: await account.sweep(plan) };
    },
    watch() {
      const after = aws.calls.list().at(-1)?.sequence ?? 0;
      return () =>
        aws.calls
          .list({ after })
          .filter(({ mutating }) => mutating)
          .map(describeCall);
    },
    async [Symbol.asyncDispose]() {
      await aws.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return account;
}

/** What a call names, as the log has it: of EC2's ids, or a key with its version or upload. */
function describeCall({ operation, parameters }: CallRecord): string {
  const named = ['ImageId', 'SnapshotId', 'ImportTaskId', 'ResourceId.1', 'key', 'versionId', 'uploadId'];
  return [operation, ...named.flatMap((name) => parameters[name] ?? [])].join(' ');
}

function clientsOf(endpoint: string): RegionalClients {
  const settings = { endpoint, credentials: exampleCredentials, maxAttempts: 2 };
  const perRegion = <C>(make: (region: string) => C): ((region: string) => C) => {
    const made = new Map<string, C>();
    return (wanted) => {
      const client = made.get(wanted) ?? make(wanted);
      made.set(wanted, client);
      return client;
    };
  };
  return {
    s3: perRegion((wanted) => new S3Client({ ...settings, region: wanted, forcePathStyle: true })),
    ec2: perRegion((wanted) => new EC2Client({ ...settings, region: wanted })),
    autoScaling: perRegion((wanted) => new AutoScalingClient({ ...settings, region: wanted })),
    ssm: perRegion((wanted) => new SSMClient({ ...settings, region: wanted })),
  };
}

/** The verdicts of a plan: `snap-… delete`, `ami-… keep in-use`. */
export function verdicts(plan: Plan): string[] {
  return plan.resources.map((thing) =>
    [thing.id, thing.verdict, ...(thing.verdict === 'keep' ? [thing.code] : [])].join(' '),
  );
}

/** What became of things: `snap-… deleted`. */
export function results(outcomes: readonly SweepOutcome[]): string[] {
  return outcomes.map(({ thing, outcome }) => `${thing.id} ${outcome}`);
}
