import { resolve } from 'node:path';
import { startConfined } from '@ec2-image/confined-process';
import type { Extent } from './disk.ts';
import { qemuLimits } from './qemu-limits.ts';

/** What of a raw file may hold data, by the file system's own map of it, as qemu-img reads it; the whole file where there is no map. */
export async function* fileExtents({
  path,
  sizeBytes,
  signal,
}: {
  readonly path: string;
  readonly sizeBytes: number;
  readonly signal?: AbortSignal;
}): AsyncGenerator<Extent> {
  const map = await readMap(path, signal);
  if (map === undefined) {
    yield { offset: 0, length: sizeBytes };
    return;
  }
  for (const { start, length, zero } of map) if (!zero) yield { offset: start, length };
}

/** The holes of a sparse raw file: what nobody has written. None where there is no map. */
export async function* fileHoles({
  path,
  signal,
}: {
  readonly path: string;
  readonly signal?: AbortSignal;
}): AsyncGenerator<Extent> {
  for (const { start, length, zero, data } of (await readMap(path, signal)) ?? [])
    if (zero && !data) yield { offset: start, length };
}

interface MappedRun {
  readonly start: number;
  readonly length: number;
  readonly zero: boolean;
  /** Kept in the file, zeros that were written included. */
  readonly data: boolean;
}

async function readMap(path: string, signal: AbortSignal | undefined): Promise<MappedRun[] | undefined> {
  const program = await startConfined({
    name: 'qemu-img',
    args: [
      'map',
      '--output=json',
      '--image-opts',
      `driver=raw,file.driver=file,file.filename=${resolve(path).replaceAll(',', ',,')}`,
    ],
    limits: qemuLimits,
    signal,
  });
  if (!program) return undefined;
  program.stdin.end();
  let json = '';
  for await (const piece of program.stdout.setEncoding('utf8')) {
    json += piece as string;
    if (json.length > maxMapBytes) {
      program.stop();
      return undefined;
    }
  }
  const { exitCode } = await program.ended;
  return exitCode === 0 ? (JSON.parse(json) as MappedRun[]) : undefined;
}

/** Some 100 bytes a run: enough for a badly fragmented file; one beyond that is read whole. */
const maxMapBytes = 32 * 1024 * 1024;
