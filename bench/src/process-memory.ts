import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Peak resident memory in bytes: of the process itself, and of the largest of its descendants by their program's name. */
export interface PeakMemory {
  own: number;
  readonly children: Map<string, number>;
}

const sampleEveryMs = 50;

/**
 * Watches a process until it ends. The kernel keeps the peak (VmHWM in proc(5)), so that what is between two samples counts, but for
 * what a process does after the last one.
 */
export async function watchPeakMemory(pid: number): Promise<PeakMemory> {
  const peak: PeakMemory = { own: 0, children: new Map() };
  for (;;) {
    const own = await readStatus(pid);
    // A zombie has no memory any more.
    if (own?.peak === undefined) return peak;
    peak.own = own.peak;
    for (const child of await descendants(pid)) {
      const status = await readStatus(child);
      if (status?.peak === undefined) continue;
      peak.children.set(status.name, Math.max(status.peak, peak.children.get(status.name) ?? 0));
    }
    await sleep(sampleEveryMs);
  }
}

async function readStatus(pid: number): Promise<{ name: string; peak: number | undefined } | undefined> {
  const status = await readOrNothing(`/proc/${pid}/status`);
  const name = /^Name:\t(.*)$/m.exec(status)?.[1];
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  if (name === undefined) return undefined;
  return { name, peak: kibibytes === undefined ? undefined : Number(kibibytes) * 1024 };
}

async function descendants(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readOrNothing(`/proc/${pid}/task/${thread}/children`)),
  );
  const children = lists.join(' ').split(' ').filter(Boolean).map(Number);
  return [...children, ...(await Promise.all(children.map(descendants))).flat()];
}

/** A process may end between any two looks at it. */
async function readOrNothing(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
