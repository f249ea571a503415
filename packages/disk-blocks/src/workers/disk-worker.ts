import { parentPort, workerData } from 'node:worker_threads';
import { checksum } from './checksum.ts';
import { deflateUnits } from './deflate.ts';
import { digest } from './digest.ts';
import { fill } from './fill.ts';
import { JobFault } from './job-fault.ts';
import type { Answer, Job, Request, WorkerData } from './jobs.ts';
import { createPieceReader } from './piece-reader.ts';
import { scan } from './scan.ts';

/**
 * A worker thread's program: does one job after the other. What it cannot do it answers with a fault; any other error ends
 * the thread, and the pool starts another.
 */
const port = parentPort;
if (!port) throw new Error('disk-worker runs as a worker thread');
const cancelled = new Int32Array((workerData as WorkerData).cancelled);
const isCancelled = () => Atomics.load(cancelled, 0) !== 0;
const reader = createPieceReader();

function run(job: Job) {
  switch (job.kind) {
    case 'fill':
      return fill(reader, job, isCancelled);
    case 'deflate':
      return deflateUnits(reader, job, isCancelled);
    case 'scan':
      return scan(reader, job, isCancelled);
    case 'digest':
      return digest(job);
    case 'checksum':
      return checksum(job, isCancelled);
  }
}

port.on('message', ({ id, job }: Request) => {
  try {
    const { result, transfer } = run(job);
    port.postMessage({ id, result } satisfies Answer, transfer);
  } catch (error) {
    if (!(error instanceof JobFault)) throw error;
    port.postMessage({ id, fault: error.fault } satisfies Answer);
  }
});
