import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CliRun } from './run-cli.ts';

/** Resident memory of the command at its peak, in bytes, as the kernel keeps it (VmHWM in proc(5)), once it has ended. */
export async function peakOf({ child, ended }: CliRun): Promise<number> {
  let isRunning = true;
  void ended.then(() => {
    isRunning = false;
  });
  let peakBytes = 0;
  while (isRunning) {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    peakBytes = Math.max(peakBytes, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024);
    await sleep(50);
  }
  return peakBytes;
}
