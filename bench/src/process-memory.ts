import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Peak resident memory in bytes: of the process itself, and of the largest of its descendants by their program's name. */
export interface PeakMemory {
  readonly own: number;
  readonly children: ReadonlyMap<string, number>;
}

const sampleEveryMs = 50;

/**
 * Watches a process until it ends. The kernel keeps the peak (VmHWM in proc(5)), so that what is between two samples counts, but for
 * what a process does after the last one.
 */
export async function watchPeakMemory(pid: number): Promise<PeakMemory> {
  let own = 0;
  const children = new Map<number, Status>();
  for (;;) {
    const status = await readStatus(pid);
    if (!status) break;
    own = status.peak;
    for (const child of await descendants(pid)) {
      const childStatus = await readStatus(child);
      // The last one counts: before its exec, a child is a copy of its parent in name and size.
      if (childStatus) children.set(child, childStatus);
    }
    await sleep(sampleEveryMs);
  }
  const byName = Map.groupBy(children.values(), ({ name }) => name);
  return {
    own,
    children: new Map([...byName].map(([name, each]) => [name, Math.max(...each.map(({ peak }) => peak))])),
  };
}

interface Status {
  readonly name: string;
  /** In bytes. */
  readonly peak: number;
}

/** Undefined for a process that has ended, or is a zombie, which has no memory any more. */
async function readStatus(pid: number): Promise<Status | undefined> {
  const status = await readOrNothing(`/proc/${pid}/status`);
  const name = /^Name:\t(.*)$/m.exec(status)?.[1];
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return name === undefined || kibibytes === undefined ? undefined : { name, peak: Number(kibibytes) * 1024 };
}

async function descendants(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readOrNothing(`/proc/${pid}/task/${thread}/children`)),
  );
  const children = lists.join(' ').split(' ').filter(Boolean).map(Number);
  return [...children, ...(await Promise.all(children.map(descendants))).flat()];
}

/** A process may end between any two reads. */
async function readOrNothing(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
