import { chmod, copyFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import type { TestImages } from './images.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { usePath } from './use-path.ts';

/**
 * A qemu-nbd that so many times serves another image in the place of the published qcow2: with one sector of its disk changed,
 * or with one in each MiB.
 */
export async function misreadingQemuNbd(
  images: TestImages,
  { times, isWhole = false }: { readonly times: number; readonly isWhole?: boolean },
): Promise<AsyncDisposable> {
  const path = process.env.PATH;
  const name = basename(images.url('qcow2'));
  const bin = await temporaryDirectory('misreading-qemu');
  const altered = join(bin, 'altered.qcow2');
  await copyFile(join(images.directory, name), altered);
  const offsets = isWhole ? Array.from({ length: 16 }, (_, mib) => mib * 2 ** 20 + 8192) : [8192];
  const writes = offsets.flatMap((offset) => ['-c', `write -P 0x55 ${offset} 512`]);
  await execa('qemu-io', ['-f', 'qcow2', ...writes, altered]);
  const script = [
    '#!/bin/bash',
    `PATH='${path}'`,
    `if [ "$(ls '${bin}' | grep -c served)" -lt ${times} ]; then`,
    `  touch '${bin}'/served$$`,
    `  set -- "\${@/file.filename=*${name}/file.filename=${altered}}"`,
    'fi',
    'exec qemu-nbd "$@"',
  ];
  await writeFile(join(bin, 'qemu-nbd'), `${script.join('\n')}\n`);
  await chmod(join(bin, 'qemu-nbd'), 0o755);
  const used = usePath(`${bin}:${path}`);
  return {
    async [Symbol.asyncDispose]() {
      used[Symbol.dispose]();
      await rm(bin, { recursive: true, force: true });
    },
  };
}
