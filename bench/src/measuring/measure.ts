import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { type PeakMemory, watchPeakMemory } from '../process-memory.ts';

export interface Measured {
  readonly seconds: number;
  readonly peak: PeakMemory;
  readonly stdout: string;
}

/** Where Debian puts its tools: what is compared with is what people install, whatever else a machine has in its PATH. */
export const toolPath = '/usr/bin:/bin:/usr/sbin:/sbin';

/** The command keeps one too (`module.enableCompileCache`); the small programs that measure its parts do as it does. */
const compileCache = fileURLToPath(new URL('../../node_modules/.cache/compile', import.meta.url));

/** Runs a command to its end, its start included in the time. Throws where it fails. */
export async function measure(
  command: readonly [string, ...string[]],
  { env, cwd }: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<Measured> {
  const [file, ...args] = command;
  const startedAt = performance.now();
  const child = execa(file, args, {
    stdin: 'ignore',
    cwd,
    // Nothing of the developer's own: no proxy, no certificates, no profile.
    env: { PATH: toolPath, HOME: '/nonexistent', NODE_COMPILE_CACHE: compileCache, ...env },
    extendEnv: false,
  });
  const [peak, { stdout, endedAt }] = await Promise.all([
    watchPeakMemory(child.pid!),
    child.then((end) => ({ ...end, endedAt: performance.now() })),
  ]);
  return { seconds: (endedAt - startedAt) / 1000, peak, stdout };
}

export type Samples<Name extends string> = Readonly<Record<Name, readonly number[]>>;

/**
 * Lets the contestants run in turn, round after round, so that whatever else the machine does meets all of them. Each
 * gives the seconds that count.
 */
export async function takeTurns<Name extends string>(
  contestants: Readonly<Record<Name, () => Promise<number>>>,
  { rounds }: { readonly rounds: number },
): Promise<Samples<Name>> {
  const names = Object.keys(contestants) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 1; round <= rounds; round += 1) {
    for (const name of names) {
      const seconds = await contestants[name]();
      samples[name].push(seconds);
      console.error(`round ${round} of ${rounds}, ${name}: ${seconds.toFixed(2)} s`);
    }
  }
  return samples;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
