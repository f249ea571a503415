import { createReadStream } from 'node:fs';
import { truncate } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { Account } from '../account.ts';
import { type PeakMemory, watchPeakMemory } from '../process-memory.ts';
import { findProgram } from '../programs.ts';

/** Calls by their operation. */
export type CallCounts = Readonly<Record<string, number>>;

/** As many calls of an operation as a command needs; where that depends on how long it takes, the fewest and the most. */
export type AllowedCalls = Readonly<Record<string, number | CallBounds>>;

interface CallBounds {
  readonly atLeast: number;
  readonly atMost: number;
}

/** Of the commands here; each prints its own part. */
export interface Document {
  readonly plan: { readonly images: readonly { readonly outcome: string }[] };
  readonly list: { readonly amis: readonly unknown[] };
  readonly janitor: Sweep;
  readonly retire: Sweep;
}

interface Sweep {
  readonly plan: { readonly resources: readonly { readonly verdict: string }[] };
  /** With `--apply`. */
  readonly outcomes: readonly { readonly outcome: string }[];
}

export interface CommandRun {
  readonly seconds: number;
  readonly peak: PeakMemory;
  /** Those that were answered. */
  readonly calls: CallCounts;
  /** Those that were refused because their token bucket was empty. */
  readonly throttled: CallCounts;
  /** What the command is about: images planned, AMIs listed, resources to change or changed. */
  readonly found: number;
}

/** Runs a command of the tool against an account that logs its calls, and counts them. Throws for another exit code. */
export async function runCommand(
  args: readonly string[],
  {
    account,
    log,
    exitCode: wanted,
    count,
  }: {
    readonly account: Account;
    /** The emulator's; it is emptied. */
    readonly log: string;
    readonly exitCode: number;
    readonly count: (document: Document) => number;
  },
): Promise<CommandRun> {
  await truncate(log);
  const startedAt = performance.now();
  const child = execa('node', [await findProgram('ec2-image'), ...args, '--json', '--quiet'], {
    env: account.env,
    stdin: 'ignore',
    reject: false,
    maxBuffer: 2 ** 30,
  });
  const [peak, { stdout, stderr, exitCode }] = await Promise.all([watchPeakMemory(child.pid!), child]);
  const seconds = (performance.now() - startedAt) / 1000;
  if (exitCode !== wanted)
    throw new Error(`${args[0]} ended with ${exitCode}: ${(stderr || stdout).slice(0, 2000)}`);
  return { seconds, peak, ...(await countCalls(log)), found: count(JSON.parse(stdout)) };
}

async function countCalls(log: string): Promise<Pick<CommandRun, 'calls' | 'throttled'>> {
  const calls: Record<string, number> = {};
  const throttled: Record<string, number> = {};
  for await (const line of createInterface(createReadStream(log))) {
    const { operation, met } = JSON.parse(line) as { operation: string; met?: string };
    const counts = met === 'throttled' ? throttled : calls;
    counts[operation] = (counts[operation] ?? 0) + 1;
  }
  return { calls, throttled };
}

/** Where the counts are not those that were allowed, in words. */
export function surplusOf(calls: CallCounts, allowed: AllowedCalls): string[] {
  return [...new Set([...Object.keys(allowed), ...Object.keys(calls)])].flatMap((operation) => {
    const count = calls[operation] ?? 0;
    const wanted = allowed[operation] ?? 0;
    const { atLeast, atMost } = typeof wanted === 'number' ? { atLeast: wanted, atMost: wanted } : wanted;
    if (count >= atLeast && count <= atMost) return [];
    return `${operation}: ${count} instead of ${atLeast === atMost ? atLeast : `${atLeast} to ${atMost}`}`;
  });
}

export function total(counts: CallCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
