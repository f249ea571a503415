import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type MadeDisk, makeDisk } from '@ec2-image/convert';
import { openImageReader } from '@ec2-image/disk-blocks';
import { afterEach, test as base, describe, expect, vi } from 'vitest';
import { indexVmdk, type VmdkIndex } from '../src/layout/vmdk/vmdk-index.ts';
import { checkVmdkStructure } from '../src/made/prove-vmdk.ts';
import { makeRawDisk, mib, qemuImg, temporaryDirectory } from './support/disk.ts';

const virtualSize = 40 * mib + 512;
const digest = `sha256:${'5'.repeat(64)}`;

// biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
const test = base.extend('image', async ({}) => {
  const directory = await temporaryDirectory();
  const [raw, path, output] = ['disk.raw', 'disk.qcow2', 'disk.vmdk'].map((name) => join(directory, name));
  await makeRawDisk(raw!, { size: virtualSize, random: 2 * mib });
  await qemuImg('convert', '-c', '-f', 'raw', '-O', 'qcow2', raw!, path!);
  const { reader } = await openImageReader({ path: path!, format: 'qcow2' });
  const index = await indexVmdk({ reader: reader!, present: await reader!.present(), digest });
  await reader![Symbol.asyncDispose]();
  return { raw: raw!, path: path!, output: output!, index };
});

describe('the twin of a VMDK', () => {
  /** The index of a file in which a grain table is otherwise. */
  function withTable(index: VmdkIndex, change: (table: Buffer) => void): VmdkIndex {
    const at = index.pieces.findIndex((piece) => Buffer.isBuffer(piece.holds) && piece.at > 0);
    const table = Buffer.from(index.pieces[at]!.holds as Buffer);
    // Behind its marker.
    change(table.subarray(512));
    return { ...index, pieces: index.pieces.with(at, { ...index.pieces[at]!, holds: table }) };
  }
  const otherwise = { code: 'DISK_DIFFERS', message: expect.stringContaining('QEMU reads the disk file') };

  test('shows QEMU each grain where the file has it', async ({ image: { index } }) => {
    await checkVmdkStructure({ index, virtualSize });
    expect([...index.sectors.grains()].length).toBeGreaterThan(16);
  });

  test('with two grains in each other’s place is found', async ({ image: { index } }) => {
    const swapped = withTable(index, (table) => {
      const [one, other] = [...index.sectors.grains()];
      table.writeUInt32LE(index.sectors.get(other!), 4 * one!);
      table.writeUInt32LE(index.sectors.get(one!), 4 * other!);
    });
    await expect(checkVmdkStructure({ index: swapped, virtualSize })).rejects.toMatchObject(otherwise);
  });

  test('without one of the grains is found, and with one too many', async ({ image: { index } }) => {
    const [first] = [...index.sectors.grains()];
    const absent = Array.from({ length: 512 }, (_, grain) => grain).find((g) => index.sectors.get(g) === 0);
    const missing = withTable(index, (table) => table.writeUInt32LE(0, 4 * first!));
    await expect(checkVmdkStructure({ index: missing, virtualSize })).rejects.toMatchObject(otherwise);
    const another = withTable(index, (table) => table.writeUInt32LE(index.sectors.get(first!), 4 * absent!));
    await expect(checkVmdkStructure({ index: another, virtualSize })).rejects.toMatchObject(otherwise);
  });

  test('of a disk of another size is found', async ({ image: { index } }) => {
    await expect(checkVmdkStructure({ index, virtualSize: virtualSize + 512 })).rejects.toMatchObject({
      code: 'DISK_DIFFERS',
    });
  });
});

/** How often QEMU was started to read a qcow2, from now on. */
async function countReadings(): Promise<() => Promise<number>> {
  const bin = await temporaryDirectory();
  const log = join(bin, 'log');
  await writeFile(log, '');
  const script = `#!/bin/sh\necho "$*" >> '${log}'\nPATH='${process.env.PATH}' exec qemu-nbd "$@"\n`;
  await writeFile(join(bin, 'qemu-nbd'), script, { mode: 0o755 });
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
  return async () => (await readFile(log, 'utf8')).split('driver=qcow2').length - 1;
}

afterEach(() => vi.unstubAllEnvs());

/** Makes all of a VMDK; of the others, ranges can be made whenever they are wanted. */
async function makeAll({ file }: MadeDisk): Promise<void> {
  if ('size' in file) return;
  const length = 8 * mib;
  for (let start = 0; ; start += length) {
    const buffer = new SharedArrayBuffer(length);
    if (!(await file.make({ start, end: start + length }, { buffer }))) return;
  }
}

describe.for(['vhdx', 'vmdk'] as const)('the proof of a %s', (format) => {
  const make = ({ path, output }: { readonly path: string; readonly output: string }) =>
    makeDisk({ image: { path, digest }, format, output });

  test('can begin while the file is made, once: each further one reads again', async ({ image }) => {
    const readings = await countReadings();
    await using disk = await make(image);
    const ahead = [disk!.proveAhead({}), disk!.proveAhead({})];
    await makeAll(disk!);
    await Promise.all(ahead);
    expect(await readings()).toBe(1);
    const proven = await disk!.prove({});
    expect(await readings()).toBe(1);
    expect(await disk!.prove({})).toEqual(proven);
    expect(await readings()).toBe(2);
    expect(await disk!.sum({})).toEqual(proven);
  });

  test('once aborted, ends before what was begun ahead', async ({ image }) => {
    await using disk = await make(image);
    const [begun, proof] = [new AbortController(), new AbortController()];
    const ahead = disk!.proveAhead(begun);
    const proving = disk!.prove(proof);
    proof.abort(new Error('enough'));
    await expect(proving).rejects.toThrow('enough');
    begun.abort(new Error('over'));
    await ahead;
  });

  test('ends with the disk while it waits for the file to be made', async ({ image }) => {
    const stop = new AbortController();
    const disk = await make(image);
    const ahead = disk!.proveAhead(stop);
    stop.abort(new Error('over'));
    await disk![Symbol.asyncDispose]();
    await ahead;
    await expect(disk!.prove({})).rejects.toThrow('over');
  });
});
