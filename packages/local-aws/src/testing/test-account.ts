import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallRecord } from '../calls.ts';
import { type LocalAws, type LocalAwsOptions, startLocalAws } from '../start-local-aws.ts';
import { type AccountClients, connectAccount } from './connect-account.ts';
import type { PublicationRules } from './publication/find-unfinished.ts';
import { watchPublication } from './publication/watch-publication.ts';
import { seedOfThisRun } from './seed-of-this-run.ts';

export interface TestAccountOptions extends Partial<LocalAwsOptions> {
  /** Of the clients and of `buckets` that name none. Default `us-east-1`. */
  readonly region?: string;
  /**
   * Of the clients. Default 1: what has to be survived, the code under test survives and not its client. In adverse
   * conditions 3, as of the SDK itself, which is what throttling is left to.
   */
  readonly maxAttempts?: number;
  /**
   * What has to be before anything is shared or announced: after every call but the observer's, nothing unfinished may be, and
   * disposing of the account throws where it was. `unwatched` where it is the test itself that shares. Default: no more than that
   * it is there and complete.
   */
  readonly publication?: PublicationRules | 'unwatched';
}

const adverseAttempts = 3;

/** An account on an emulator of its own. Disposing of it ends the emulator, and removes its directory unless that was given. */
export interface TestAccount extends AccountClients {
  readonly aws: LocalAws;
  /** The emulator's. */
  readonly directory: string;
  /** The calls of an operation so far, in order: those with these parameters, as the log has them (`{ key }`, `{ SnapshotId }`). */
  calls(operation: string, parameters?: Readonly<Record<string, string>>): readonly CallRecord[];
}

/**
 * Starts an emulator in this process, in a new directory unless one is given. Its work takes no longer than it has to, and
 * instances do not boot, unless `ec2` says otherwise.
 *
 * @throws what {@link startLocalAws} throws
 */
export async function openTestAccount({
  region = 'us-east-1',
  conditions = 'calm',
  maxAttempts = conditions === 'adverse' ? adverseAttempts : undefined,
  buckets = [],
  ec2,
  directory: given,
  seed = conditions === 'adverse' ? seedOfThisRun() : undefined,
  publication = {},
  ...options
}: TestAccountOptions = {}): Promise<TestAccount> {
  const directory = given ?? (await mkdtemp(join(tmpdir(), 'local-aws-')));
  const remove = async () => {
    if (given === undefined) await rm(directory, { recursive: true, force: true });
  };
  const aws = await startLocalAws({
    ...options,
    conditions,
    seed,
    directory,
    buckets: buckets.map((bucket) => ({
      region,
      ...(typeof bucket === 'string' ? { name: bucket } : bucket),
    })),
    ec2: {
      importTaskMs: 0,
      snapshotCompletionMs: 0,
      imageCreationMs: 0,
      copyMs: 0,
      usageReportMs: 0,
      bootInstances: false,
      ...ec2,
    },
  }).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  const clients = connectAccount({ url: aws.url, directory, region, maxAttempts, now: options.now });
  const watch =
    publication === 'unwatched'
      ? undefined
      : watchPublication({ calls: aws.calls, directory, now: options.now, ...publication });
  return {
    ...clients,
    aws,
    directory,
    calls: (operation, parameters = {}) =>
      aws.calls
        .list()
        .filter(
          (call) =>
            call.operation === operation &&
            Object.entries(parameters).every(([name, value]) => call.parameters[name] === value),
        ),
    async [Symbol.asyncDispose]() {
      await clients[Symbol.asyncDispose]();
      await aws.close();
      try {
        watch?.end();
      } finally {
        await remove();
      }
    },
  };
}
