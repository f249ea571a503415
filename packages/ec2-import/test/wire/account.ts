import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { EC2Client } from '@aws-sdk/client-ec2';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { ImportSnapshotOptions, RegisterImageOptions } from '@ec2-image/ec2-import';
import { openTestAccount } from '@ec2-image/local-aws/testing';
import {
  amiTags,
  clientToken,
  type DiskFormat,
  digestOf,
  objectKey,
  provenanceTags,
  shortDigest,
} from '@ec2-image/provenance';
import { test as base } from 'vitest';

const region = 'us-east-1';
const bucket = 'images';
const prefix = 'ec2-image/';
const sizeBytes = 3 * 2 ** 20;

export type Account = Awaited<ReturnType<typeof openAccount>>;

/** A test with an account of its own, and how long its import tasks take. */
export const test = base
  .extend('importTaskMs', 60)
  .extend('account', async ({ importTaskMs }, { onCleanup }) => {
    const account = await openAccount(importTaskMs);
    onCleanup(() => account[Symbol.asyncDispose]());
    return account;
  });

/** An account with a bucket in it, in which everything takes as little time as it can. */
async function openAccount(importTaskMs: number) {
  const account = await openTestAccount({
    region,
    buckets: [bucket],
    conditions: 'adverse',
    ec2: { importTaskMs, snapshotCompletionMs: 20, imageCreationMs: 20 },
  });
  return {
    ...account,
    bucket,
    region,
    /** A client that does not wait long for an answer. */
    hurried: account.client(EC2Client, {
      requestHandler: { requestTimeout: 400, throwOnRequestTimeout: true },
    }),
  };
}

/**
 * What every verb is given: nobody waits long, and time passes only while somebody waits, so that a busy machine
 * makes no task look stalled.
 */
export function verbs({ ec2: client }: Pick<Account, 'ec2'>) {
  const notices: string[] = [];
  let time = Date.now();
  return {
    client,
    pollIntervalMs: 15,
    clock: {
      now: () => time,
      random: Math.random,
      sleep: (ms: number, signal?: AbortSignal) => {
        time += ms;
        return delay(Math.min(ms, 25), undefined, { signal });
      },
    },
    // Tasks report statuses that nobody knows, and that is told: it is none of a test's own events.
    onNotice: (message: string) => void (message.includes('unknown status') || notices.push(message)),
    notices,
  };
}

export interface DiskOptions {
  readonly name?: string;
  readonly hex?: string;
  readonly format?: DiskFormat;
  /** What is uploaded instead of a disk. */
  readonly body?: Buffer;
}

/** A disk in the bucket, and what the verbs are told of it. */
export async function uploadDisk(
  { s3, region }: Account,
  { name = 'image', hex = 'a1', format = 'raw', body }: DiskOptions = {},
) {
  const digest = digestOf('sha256', hex.repeat(32));
  const amiName = `${name}-i${shortDigest(digest)}`;
  const key = objectKey({ prefix, amiName, digest, format });
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body ?? (await makeDisk(format)) }));
  const sourceUrl = 'https://example.org/image.qcow2';
  const tags = {
    Name: amiName,
    ...provenanceTags({ sourceUrl, digest, diskFormat: format, version: '1.0.0' }),
  };
  const options = {};
  return {
    amiName,
    find: { digest, format, bucket, key, virtualSizeBytes: sizeBytes },
    tags,
    import: {
      object: { bucket, key },
      format,
      digest,
      virtualSizeBytes: sizeBytes,
      tags,
      retryPauseMs: 10,
      clientTokenFor: (attempt) =>
        clientToken({ account: '1', region, bucket, key, digest, format, options, attempt }),
    } satisfies Partial<ImportSnapshotOptions>,
    register: {
      name: amiName,
      digest,
      architecture: 'x86_64',
      tags: { ...tags, ...amiTags({ amiName }) },
    } satisfies Partial<RegisterImageOptions>,
  };
}

const run = promisify(execFile);

/** A boot sector and nothing else, in any format that qemu-img writes. */
async function makeDisk(format: DiskFormat): Promise<Buffer> {
  const raw = Buffer.alloc(sizeBytes);
  raw.writeUInt16LE(0xaa55, 510);
  if (format === 'raw') return raw;
  const directory = await mkdtemp(join(tmpdir(), 'ec2-import-disk-'));
  try {
    const source = join(directory, 'disk.raw');
    const output = join(directory, `disk.${format}`);
    await writeFile(source, raw);
    const driver = format === 'vhd' ? 'vpc' : format;
    await run('qemu-img', ['convert', '-f', 'raw', '-O', driver, source, output]);
    return await readFile(output);
  } finally {
    await rm(directory, { recursive: true });
  }
}
