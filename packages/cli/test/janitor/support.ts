import { PassThrough, Writable } from 'node:stream';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { type ConditionsName, type SeedEc2Options, seedEc2 } from '@ec2-image/local-aws';
import { metadataOf, objectKey, provenanceTags } from '@ec2-image/provenance';
import { test as base, vi } from 'vitest';
import { main } from '../../src/main.ts';
import { bucket, openAccount, type TestAccount } from '../support/account.ts';
import { parseDocument } from '../support/document.ts';

export const digest = `sha256:${'0123456789ab'.padEnd(64, 'c')}` as const;
export const key = objectKey({ prefix: 'ec2-image/', amiName: 'fedora-i43', digest, format: 'vhdx' });
export const ourTags = {
  Name: 'fedora-i43',
  ...provenanceTags({
    sourceUrl: 'https://example.org/fedora.qcow2',
    digest,
    diskFormat: 'vhdx',
    name: 'fedora',
    version: '0.1.0',
    startedAt: new Date(0),
  }),
};
export const ourImageTags = { ...ourTags, automation: 'false' };

/** How EC2 describes the snapshot of an import. */
export const imported = 'Created by AWS-VMImport service for import-snap-0123456789abcdef0';

export const hoursAgo = (hours: number) => Date.now() - hours * 3_600_000;
export const id = (type: 'ami' | 'snap', number: number) =>
  `${type}-${number.toString(16).padStart(17, '0')}`;

export interface JanitorAccount extends TestAccount {
  seed(resources: Omit<SeedEc2Options, 'directory'>): void;
  /** As if it were then, for what has no other time than the service's clock. */
  aged(hoursAgo: number, work: () => Promise<void>): Promise<void>;
  putObject(hoursAgo: number): Promise<void>;
  /** Runs a command in this process. */
  run(...args: readonly string[]): Promise<Ended>;
  runEverywhere(...args: readonly string[]): Promise<Ended>;
  /** Without a region on the command line. */
  runAsConfigured(...args: readonly string[]): Promise<Ended>;
  /** The same with a terminal, in which somebody types. */
  runInTerminal(typed: string, ...args: readonly string[]): Promise<Ended>;
  changes(): string[];
}

export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  json<T>(): T;
}

/** Its commands take the credentials of this process: {@link stubCredentials} first. */
export async function openJanitorAccount({
  policies,
  conditions,
}: {
  readonly policies?: readonly object[];
  readonly conditions?: ConditionsName;
}): Promise<JanitorAccount> {
  let offsetMs = 0;
  // Calm: these tests compare what is printed, count changes, and look again at once. The scenarios of packages/janitor
  // meet the same in adverse conditions.
  const account = await openAccount({
    conditions: 'calm',
    now: () => Date.now() + offsetMs,
    ...(conditions && { conditions }),
    ...(policies && { credentials: [{ ...anybody, policies }] }),
  });
  const run = async (
    args: readonly string[],
    {
      typed,
      region = ['--region', 'us-east-1'],
      env = {},
    }: { typed?: string; region?: string[]; env?: Record<string, string> } = {},
  ): Promise<Ended> => {
    const stdin = Object.assign(new PassThrough(), { isTTY: typed !== undefined });
    // A key other than text is pressed alone.
    if (typed !== undefined) {
      if (['\u0003', '\u0004'].includes(typed)) stdin.write(typed);
      else stdin.end(`${typed}\n`);
    }
    const out = { stdout: '', stderr: '' };
    const sink = (name: 'stdout' | 'stderr') =>
      Object.assign(
        new Writable({
          write(chunk, _encoding, done) {
            out[name] += chunk;
            done();
          },
        }),
        { isTTY: typed !== undefined },
      );
    const connection = ['--endpoint-url', account.aws.url, '--max-attempts', '2', ...region];
    const exitCode = await main([...args, ...connection], {
      env: { AWS_EC2_METADATA_DISABLED: 'true', ...env },
      stdin,
      stdout: sink('stdout'),
      stderr: sink('stderr'),
      colorDepth: 1,
    });
    return { exitCode, ...out, json: () => parseDocument(args, out.stdout) };
  };
  const aged = async (hours: number, work: () => Promise<void>) => {
    offsetMs = hoursAgo(hours) - Date.now();
    await work();
    offsetMs = 0;
  };
  return {
    ...account,
    seed: (resources) => seedEc2({ directory: account.directory, ...resources }),
    aged,
    async putObject(hours) {
      await aged(hours, async () => {
        await account.s3.send(
          new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'a disk', Metadata: metadataOf(ourTags) }),
        );
      });
      account.aws.calls.clear();
    },
    run: (...args) => run(args),
    runEverywhere: (...args) => run(args, { region: ['--all-regions'], env: { AWS_REGION: 'us-east-1' } }),
    runAsConfigured: (...args) => run(args, { region: [] }),
    runInTerminal: (typed, ...args) => run(args, { typed }),
    changes: () =>
      account.aws.calls
        .list()
        .filter(({ mutating }) => mutating)
        .map(({ operation }) => operation),
  };
}

export { describe, expect } from 'vitest';

/** Any credentials do on the emulator, but none do not. */
const anybody = { accessKeyId: 'ANYBODY', secretAccessKey: 'whatever' };

export function stubCredentials(): void {
  vi.stubEnv('AWS_ACCESS_KEY_ID', anybody.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', anybody.secretAccessKey);
}

/** A test with an account of its own, in which a janitor works. */
export const test = base
  /** What the commands may do; everything, where it is not overridden. */
  .extend('policies', (): readonly object[] | undefined => undefined)
  .extend('conditions', (): ConditionsName | undefined => undefined)
  .extend('account', async ({ policies, conditions }, { onCleanup }) => {
    stubCredentials();
    const account = await openJanitorAccount({ policies, conditions });
    onCleanup(async () => {
      vi.unstubAllEnvs();
      await account[Symbol.asyncDispose]();
    });
    account.aws.calls.clear();
    return account;
  });
