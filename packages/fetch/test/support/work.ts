import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FetchError, type FetchImageOptions, fetchImage } from '@ec2-image/fetch';
import type { Digest, DigestAlgorithm } from '@ec2-image/provenance';
import { onTestFinished } from 'vitest';

export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'fetch-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export function digestOfBytes(content: Buffer | string, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`;
}

export function storedPath(directory: string, content: Buffer, name: string): string {
  return join(directory, `${digestOfBytes(content).slice(7, 19)}-${name}`);
}

/** Options that need no real time, and what was told and waited meanwhile. */
export function patient() {
  const notices: string[] = [];
  const sleeps: number[] = [];
  return {
    notices,
    sleeps,
    options: {
      onNotice: (message: string) => void notices.push(message),
      sleep: async (ms: number) => void sleeps.push(ms),
    },
  };
}

/** The error that a call must end with. */
export async function catchFailure(work: Promise<unknown>): Promise<FetchError> {
  return work.then(
    (result) => {
      throw new Error(`it succeeded: ${JSON.stringify(result)}`);
    },
    (error: unknown) => error as FetchError,
  );
}

/** fetchImage into a directory of its own, without real pauses. */
export async function fetchTo(
  options: Omit<FetchImageOptions, 'directory'> & { readonly directory?: string },
): Promise<Awaited<ReturnType<typeof fetchImage>>> {
  return fetchImage({ sleep: async () => {}, directory: await temporaryDirectory(), ...options });
}
