import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import { expect } from 'vitest';
import { type LocalAws, type LocalAwsOptions, startLocalAws } from '../../src/start-local-aws.ts';

export interface Clients extends AsyncDisposable {
  readonly ec2: EC2Client;
  readonly s3: S3Client;
  readonly iam: IAMClient;
  readonly sts: STSClient;
}

/** A stand-in with an account of its own, empty at first, and the stock clients for it. */
export interface Account extends Clients {
  readonly directory: string;
  readonly aws: LocalAws;
}

export const accountId = '123456789012';

export function clientsOf(endpoint: string): Clients {
  const settings = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  };
  const clients = {
    ec2: new EC2Client(settings),
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    iam: new IAMClient(settings),
    sts: new STSClient(settings),
  };
  return {
    ...clients,
    async [Symbol.asyncDispose]() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

/** EC2's work takes no longer than it has to, unless a test says how long. A directory that is given is left. */
export async function openAccount(options: Partial<LocalAwsOptions> = {}): Promise<Account> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'local-aws-')));
  const aws = await startLocalAws({
    onNotice: (message) => {
      throw new Error(message);
    },
    ...options,
    directory,
    ec2: { importTaskMs: 0, snapshotCompletionMs: 0, imageCreationMs: 0, ...options.ec2 },
  });
  const clients = clientsOf(aws.url);
  return {
    ...clients,
    directory,
    aws,
    async [Symbol.asyncDispose]() {
      await clients[Symbol.asyncDispose]();
      await aws.close();
      if (options.directory === undefined) await rm(directory, { recursive: true });
    },
  };
}

/** What a refused call is recognised by. */
export function refusal(code: string, message?: string | RegExp, status = 400) {
  return expect.objectContaining({
    name: code,
    ...(message !== undefined && {
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    }),
    $metadata: expect.objectContaining({ httpStatusCode: status }),
  });
}
