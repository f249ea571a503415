import { createReadStream } from 'node:fs';
import { truncate } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Account } from './account.ts';

/** Calls by their operation. */
export type CallCounts = Readonly<Record<string, number>>;

/** The emulator remembers the last ten thousand calls: of more, its log (`--log`) is counted, and emptied. */
export async function takeLoggedCalls(path: string): Promise<CallCounts> {
  const counts: Record<string, number> = {};
  for await (const line of createInterface(createReadStream(path))) {
    const { operation } = JSON.parse(line) as { operation: string };
    counts[operation] = (counts[operation] ?? 0) + 1;
  }
  await truncate(path);
  return counts;
}

export async function forgetCalls({ url }: Pick<Account, 'url'>): Promise<void> {
  await fetch(`${url}/_local-aws/calls`, { method: 'DELETE' });
}

export async function countCalls({ url }: Pick<Account, 'url'>): Promise<CallCounts> {
  const { calls } = (await (await fetch(`${url}/_local-aws/calls`)).json()) as {
    calls: { operation: string }[];
  };
  const counts: Record<string, number> = {};
  for (const { operation } of calls) counts[operation] = (counts[operation] ?? 0) + 1;
  return counts;
}

/** Where the counts are not those that were allowed, in words. */
export function surplusOf(calls: CallCounts, allowed: CallCounts): string[] {
  return [...new Set([...Object.keys(allowed), ...Object.keys(calls)])]
    .filter((operation) => calls[operation] !== allowed[operation])
    .map((operation) => `${operation}: ${calls[operation] ?? 0} instead of ${allowed[operation] ?? 0}`);
}

export function printCalls(calls: CallCounts, surplus: readonly string[]): void {
  console.log('| call | times |\n| --- | --- |');
  for (const [operation, times] of Object.entries(calls).sort()) console.log(`| ${operation} | ${times} |`);
  for (const line of surplus) console.log(`\nUNEXPECTED ${line}`);
}
