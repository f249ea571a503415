import { parentPort, workerData } from 'node:worker_threads';
import { createFiller } from './fill.ts';
import { JobFault } from './job-fault.ts';
import type { Answer, Request, WorkerData } from './jobs.ts';

/**
 * A worker thread's program: does one job after the other. What it cannot do it answers with a fault; any other error ends
 * the thread, and the pool starts another.
 */
const port = parentPort;
if (!port) throw new Error('disk-worker runs as a worker thread');
const cancelled = new Int32Array((workerData as WorkerData).cancelled);
const isCancelled = () => Atomics.load(cancelled, 0) !== 0;
const fill = createFiller();

port.on('message', ({ id, job }: Request) => {
  try {
    const result = fill(job, isCancelled);
    port.postMessage({ id, result } satisfies Answer, [
      result.buffer,
      ...(result.digests ? [result.digests.buffer] : []),
    ]);
  } catch (error) {
    if (!(error instanceof JobFault)) throw error;
    port.postMessage({ id, fault: error.fault } satisfies Answer);
  }
});
