import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { makeSampleDisk } from '@ec2-image/sample-image';
import { execa } from 'execa';
import { type BuildOptions, build } from 'rolldown';
import { expect, test } from 'vitest';
import command from '../rolldown.config.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

/** A program that reads a disk, bundled as the command is, with shared chunks in this directory. */
async function bundle(directory: string, chunks: string): Promise<string> {
  const { input, ...rest } = command;
  const worker = (input as Record<string, string>)['disk-worker']!;
  const programs = ['read-disk', 'read-disk-too'].map((name) => [
    name,
    fileURLToPath(new URL('fixtures/read-disk.ts', import.meta.url)),
  ]);
  await build({
    ...rest,
    input: { ...Object.fromEntries(programs), 'disk-worker': worker },
    output: { ...(rest.output as object), dir: directory, chunkFileNames: `${chunks}[name].js` },
  } as BuildOptions);
  return join(directory, 'read-disk.js');
}

test.each(['', 'shared/'])('worker threads start from a bundle, chunks in "%s"', async (chunks) => {
  const directory = await temporaryDirectory('disk-worker');
  const raw = join(directory, 'disk.raw');
  const image = join(directory, 'disk.qcow2');
  await makeSampleDisk({ path: raw, sizeBytes: 8 * 2 ** 20, dataBytes: 2 ** 20 });
  await execa('qemu-img', ['convert', '-c', '-O', 'qcow2', raw, image]);
  const program = await bundle(join(directory, 'dist'), chunks);
  const { stdout } = await execa(process.execPath, [program, image]);
  expect(stdout).toBe(String(crc32(await readFile(raw))));
});

test('the command is built with the program of the worker threads', async () => {
  const input = command.input as Record<string, string>;
  expect(Object.keys(input)).toContain('disk-worker');
  const built = await readFile(new URL('../dist/disk-worker.js', import.meta.url), 'utf8');
  expect(built).toContain('parentPort');
});
