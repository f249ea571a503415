import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Peak resident memory in bytes: of the process itself, and of the largest of its descendants by their program's name. */
export interface PeakMemory {
  readonly own: number;
  readonly children: ReadonlyMap<string, number>;
}

const sampleEveryMs = 50;

/**
 * Watches a process until it ends. The kernel keeps the peak (VmHWM in proc(5)), so that what is between two samples counts, but for
 * what a process does after the last one. Reads of /proc wait for nothing, and are made at once: each costs a tenth of
 * what it does by way of a thread, and this runs beside what is measured.
 */
export async function watchPeakMemory(pid: number): Promise<PeakMemory> {
  let own = 0;
  const children = new Map<number, Status>();
  for (;;) {
    const status = readStatus(pid);
    if (!status) break;
    own = status.peak;
    for (const child of descendants(pid)) {
      const childStatus = readStatus(child);
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
function readStatus(pid: number): Status | undefined {
  const status = readOrNothing(() => readFileSync(`/proc/${pid}/status`, 'latin1'));
  if (status === undefined) return undefined;
  const name = /^Name:\t(.*)$/m.exec(status)?.[1];
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return name === undefined || kibibytes === undefined ? undefined : { name, peak: Number(kibibytes) * 1024 };
}

function descendants(pid: number): number[] {
  const threads = readOrNothing(() => readdirSync(`/proc/${pid}/task`)) ?? [];
  const lists = threads.map((thread) =>
    readOrNothing(() => readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1')),
  );
  const children = lists.join(' ').split(' ').filter(Boolean).map(Number);
  return [...children, ...children.flatMap(descendants)];
}

/** A process may end between any two reads. */
function readOrNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
