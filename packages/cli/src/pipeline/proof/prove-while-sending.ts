import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { ImageRun } from '../run.ts';
import type { StartedDisk } from '../started-disk.ts';

/** Over which it is measured whether the uplink is what the upload waits for. */
const measuredMs = 1000;
/** Shares of it: what this process's own thread may have had to do, and what the machine has to have left. */
const mostBusy = 0.5;
const leastIdle = 0.25;
/** So often in a row this process waited: then it is not for the sake of the upload that others keep the processors busy. */
const enoughWaits = 5;

/**
 * Begins a full proof while the disk is still being sent, where the uplink leaves time for it: what is left for the time of the
 * import is to compare it with the object. Where processors are what the upload waits for, it does nothing. Never fails: what comes
 * of it, the proof's own step is told.
 *
 * @param options.signal aborts once all is sent
 */
export async function proveWhileSending(
  { request, limits }: ImageRun,
  { proveAhead, arriving }: StartedDisk,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  if (!proveAhead || request.proof !== 'full') return;
  try {
    await arriving?.complete;
    await limits.proofsAhead(async () => {
      signal.throwIfAborted();
      await uplinkIsSlow(signal);
      await proveAhead();
    });
  } catch {
    // All has been sent, or nothing will be.
  }
}

async function uplinkIsSlow(signal: AbortSignal): Promise<void> {
  for (let waits = 0; waits < enoughWaits; ) {
    const [own, machine] = [performance.eventLoopUtilization(), processorTimes()];
    await delay(measuredMs, undefined, { signal });
    const { idle, all } = processorTimes();
    const hasWaited = performance.eventLoopUtilization(own).utilization <= mostBusy;
    if (hasWaited && idle - machine.idle >= leastIdle * (all - machine.all)) return;
    waits = hasWaited ? waits + 1 : 0;
  }
}

/** In milliseconds, of all processors together. */
function processorTimes(): { readonly idle: number; readonly all: number } {
  const times = cpus().map((cpu) => cpu.times);
  const sum = (of: (typeof times)[number]) => of.user + of.nice + of.sys + of.irq + of.idle;
  return {
    idle: times.reduce((total, { idle }) => total + idle, 0),
    all: times.reduce((total, of) => total + sum(of), 0),
  };
}
