import { execa } from 'execa';
import type { ImageResult, RepeatedRequests } from '../../src/outcome.ts';
import { bucket, type TestAccount } from './account.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export interface ImportDocument {
  readonly version: number;
  readonly images: readonly ImageResult[];
  readonly next: string;
  readonly retries?: readonly RepeatedRequests[];
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
}

/** Of a command line, by name: a flag given as undefined is left out. */
export type Flags = Readonly<Record<string, unknown>>;

export const makeWorkDirectory = () => temporaryDirectory('work');

/** A whole command line of `import` for one image; a flag given as undefined is left out. */
export function importArgs({
  account,
  workDirectory,
  ...flags
}: { readonly account: TestAccount; readonly workDirectory: string } & Flags): string[] {
  const all: Flags = {
    name: 'test-cloud',
    arch: 'x86_64',
    bucket,
    'poll-interval': 0.02,
    'endpoint-url': account.aws.url,
    'work-dir': workDirectory,
    json: true,
    ...flags,
  };
  return ['import', ...flagsOf(all)];
}

export function flagsOf(flags: Flags): string[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [`--${name}`] : [value].flat().flatMap((one) => [`--${name}`, String(one)]);
  });
}

/** What `qemu-img compare` says of two raw disks: equal, whatever the smaller one lacks in zeros at its end. */
export async function areEqualDisks(one: string, other: string): Promise<boolean> {
  const { exitCode } = await execa('qemu-img', ['compare', '-f', 'raw', '-F', 'raw', one, other], {
    reject: false,
  });
  return exitCode === 0;
}
