import { fork } from 'node:child_process';
import { chmod, copyFile, mkdir, open, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareDisk, convertImage, type DiskFormat, inspectImage, partialPath } from '@ec2-image/convert';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { compressFile, makeRawDisk, mib, qemuImg, run, temporaryDirectory } from './support/disk.ts';

const path = process.env.PATH!;
afterEach(() => {
  process.env.PATH = path;
});

/** A program in the place of qemu-img: a shell script, which may `exec` the real one as `$real`. */
async function fakeQemuImg(directory: string, script: string): Promise<void> {
  const { stdout } = await run('which', ['qemu-img'], { env: { PATH: path } });
  const bin = join(directory, 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'qemu-img'), `#!/bin/sh\nreal=${stdout.trim()}\n${script}\n`);
  await chmod(join(bin, 'qemu-img'), 0o755);
  process.env.PATH = `${bin}:${path}`;
}

async function setUp({ compressed = false, random = mib } = {}) {
  const directory = await temporaryDirectory();
  const raw = join(directory, 'disk.raw');
  await makeRawDisk(raw, { size: Math.max(12 * mib, 2 * random), random });
  const image = compressed ? `${raw}.xz` : raw;
  if (compressed) await compressFile('xz', raw, image, '-0');
  const output = join(directory, 'out.vhdx');
  const convert = (format: DiskFormat = 'vhdx', signal?: AbortSignal) =>
    convertImage({ image: { path: image }, format, converter: 'qemu-img', output, signal });
  const made = async () => (await readdir(directory)).filter((name) => name.startsWith('out'));
  return { directory, raw, image, output, convert, made };
}

/** An xz file that takes a while, at no cost: the same stream over and over. */
async function repeatStream(image: string, times: number): Promise<void> {
  const stream = await readFile(image);
  await writeFile(image, Buffer.concat(Array.from({ length: times }, () => stream)));
}

/** A killed child that its parent has not reaped yet counts as dead. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return /^State:\s+[^ZX\s]/m.test(status);
}

const readPid = async (file: string) => Number(await readFile(file, 'utf8').catch(() => ''));

describe('a program that is not installed', () => {
  test('qemu-img', async () => {
    const { convert, made } = await setUp();
    process.env.PATH = '/nowhere';
    await expect(convert()).rejects.toMatchObject({
      code: 'QEMU_IMG_MISSING',
      hint: expect.stringContaining('qemu-utils'),
    });
    expect(await made()).toEqual([]);
  });

  test('xz', async () => {
    const { convert } = await setUp({ compressed: true });
    process.env.PATH = '/nowhere';
    await expect(convert()).rejects.toMatchObject({
      code: 'XZ_MISSING',
      hint: expect.stringContaining('xz-utils'),
    });
  });

  test('prlimit and setpriv are done without', async () => {
    const { directory, output, convert } = await setUp();
    await fakeQemuImg(directory, 'exec $real "$@"');
    process.env.PATH = join(directory, 'bin');
    expect(await convert()).toMatchObject({ path: output, outcome: 'converted' });
  });
});

describe('a conversion that fails', () => {
  test('says what qemu-img said, and leaves nothing', async () => {
    const { directory, convert, made } = await setUp();
    await fakeQemuImg(
      directory,
      'echo "qemu-img: error while reading at byte 0: Input/output error" >&2; exit 1',
    );
    await expect(convert()).rejects.toMatchObject({
      code: 'CONVERSION_FAILED',
      message: expect.stringContaining('Input/output error'),
      exitCode: 1,
    });
    expect(await made()).toEqual([]);
  });

  test('keeps the last of endless complaints only', async () => {
    const { directory, convert } = await setUp();
    await fakeQemuImg(
      directory,
      'yes "qemu-img: a long complaint" | head -c 3000000 >&2; echo the end >&2; exit 1',
    );
    const error: unknown = await convert().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CONVERSION_FAILED', stderr: expect.stringMatching(/the end$/) });
    expect((error as Error).message.length).toBeLessThan(10_000);
  });

  test('a disk that is not what was asked for is not put in place', async () => {
    const { directory, convert, made } = await setUp();
    await fakeQemuImg(directory, 'for last; do :; done; exec $real create -f vhdx "$last" 2G');
    await expect(convert()).rejects.toMatchObject({ code: 'CONVERSION_FAILED', virtualSize: 12 * mib });
    expect(await made()).toEqual([]);
  });

  test('that was killed by somebody', async () => {
    const { directory, convert, made } = await setUp();
    await fakeQemuImg(directory, 'kill -KILL $$');
    await expect(convert()).rejects.toMatchObject({
      code: 'PROGRAM_KILLED',
      program: 'qemu-img',
      signal: 'SIGKILL',
    });
    expect(await made()).toEqual([]);
  });

  test('that writes more than the disk can need is stopped by the kernel', async () => {
    const { directory, convert, made } = await setUp();
    await fakeQemuImg(directory, 'for last; do :; done; exec truncate -s 2G "$last"');
    await expect(convert()).rejects.toMatchObject({ name: 'ConvertError' });
    expect(await made()).toEqual([]);
  });
});

test('qemu-img runs under limits, and sees nothing of our environment', async () => {
  const { directory, convert } = await setUp();
  process.env.EC2_IMAGE_TEST_SECRET = 'hush';
  onTestFinished(() => void delete process.env.EC2_IMAGE_TEST_SECRET);
  const record = `env > ${directory}/environment; cat /proc/self/limits > ${directory}/limits`;
  await fakeQemuImg(directory, `${record}; exec $real "$@"`);
  await convert();
  expect(await readFile(join(directory, 'environment'), 'utf8')).not.toContain('hush');
  const limits = await readFile(join(directory, 'limits'), 'utf8');
  expect(limits).toMatch(/^Max core file size +0 /m);
  expect(limits).toMatch(/^Max address space +4294967296 /m);
  const fileSize = Number(/^Max file size +(\d+) /m.exec(limits)?.[1]);
  expect(fileSize).toBeGreaterThan(12 * mib);
  expect(fileSize).toBeLessThan(300 * mib);
});

describe('a full disk', () => {
  test('met by qemu-img', async () => {
    const { directory, convert, made } = await setUp();
    await fakeQemuImg(
      directory,
      'echo "qemu-img: error while writing at byte 0: No space left on device" >&2; exit 1',
    );
    await expect(convert()).rejects.toMatchObject({ code: 'WORK_DIRECTORY_FULL', directory });
    expect(await made()).toEqual([]);
  });

  test('not met by a disk of 100 GiB that holds a few MiB', async ({ skip }) => {
    const small = await temporaryDirectory();
    const mounting = run('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'tmpfs', small]);
    await mounting.catch(() => skip('needs the right to mount a file system'));
    onTestFinished(async () => void (await run('umount', [small])));
    const raw = join(await temporaryDirectory(), 'disk.raw');
    await makeRawDisk(raw, { size: 100 * 1024 * mib, random: 2 * mib });
    const image = `${raw}.qcow2`;
    await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', raw, image);
    const disk = await convertImage({ image: { path: image }, format: 'vhdx', output: join(small, 'out') });
    expect(disk).toMatchObject({ virtualSize: 100 * 1024 * mib, outcome: 'converted' });
  });

  test('of temporary files is not the fault of the image', async ({ skip }) => {
    const small = await temporaryDirectory();
    const mounting = run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small]);
    await mounting.catch(() => skip('needs the right to mount a file system'));
    onTestFinished(async () => void (await run('umount', [small])));
    const raw = join(await temporaryDirectory(), 'disk.raw');
    await makeRawDisk(raw);
    await qemuImg('convert', '-f', 'raw', '-O', 'qcow2', raw, `${raw}.qcow2`);
    vi.stubEnv('TMPDIR', small);
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(inspectImage({ path: `${raw}.qcow2` })).rejects.toMatchObject({
      code: 'WORK_DIRECTORY_FULL',
      message: `not enough space for temporary files in ${small}`,
      hint: expect.stringContaining('TMPDIR'),
    });
    expect(await readdir(small)).toEqual([]);
  });

  test('met for real: at the start, where it is plain, and in the middle', async ({ skip }) => {
    const small = await temporaryDirectory();
    const mounting = run('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', small]);
    await mounting.catch(() => skip('needs the right to mount a file system'));
    onTestFinished(async () => void (await run('umount', [small])));
    const { raw, image } = await setUp({ compressed: true, random: 5 * mib });
    const output = join(small, 'out');
    await expect(convertImage({ image: { path: image }, format: 'vhdx', output })).rejects.toMatchObject({
      code: 'WORK_DIRECTORY_FULL',
      neededBytes: (await stat(image)).size,
      freeBytes: expect.any(Number),
    });
    // Text compresses, so that the beginning looks harmless.
    await writeFile(
      raw,
      Buffer.concat([await readFile(raw), Buffer.alloc(8 * mib, 'text ')]).fill('more text ', mib),
    );
    await compressFile('xz', raw, image, '-0');
    await expect(convertImage({ image: { path: image }, format: 'vhdx', output })).rejects.toMatchObject({
      code: 'WORK_DIRECTORY_FULL',
      directory: small,
    });
    for (const converter of ['auto', 'qemu-img'] as const) {
      const converting = convertImage({ image: { path: raw }, format: 'vhdx', converter, output });
      await expect(converting).rejects.toMatchObject({ code: 'WORK_DIRECTORY_FULL' });
    }
    expect(await readdir(small)).toEqual([]);
  });
});

describe('an abort', () => {
  const reason = new Error('interrupted');

  test('before it began', async () => {
    const { convert, made } = await setUp();
    await expect(convert('vhdx', AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(await made()).toEqual([]);
  });

  test.each([
    ['ends qemu-img', ''],
    ['ends one that ignores SIGTERM', 'trap "" TERM;'],
  ])('%s, and leaves nothing', async (_, trap) => {
    const { directory, convert, made } = await setUp();
    await fakeQemuImg(directory, `${trap} echo $$ > ${directory}/pid; while :; do sleep 0.05; done`);
    const controller = new AbortController();
    const converting = convert('vhdx', controller.signal);
    await expect.poll(() => readPid(join(directory, 'pid'))).toBeGreaterThan(0);
    const pid = await readPid(join(directory, 'pid'));
    controller.abort(reason);
    await expect(converting).rejects.toBe(reason);
    expect(await isRunning(pid)).toBe(false);
    expect(await made()).toEqual([]);
  });

  test('in the middle of decompressing', async () => {
    const { directory, image, output, made } = await setUp({ compressed: true });
    await repeatStream(image, 20);
    const controller = new AbortController();
    await expect(
      convertImage({
        image: { path: image },
        format: 'vhdx',
        output,
        signal: controller.signal,
        onProgress: () => controller.abort(reason),
      }),
    ).rejects.toBe(reason);
    expect(await made()).toEqual([]);
    expect((await readdir(directory)).sort()).toEqual(['disk.raw', 'disk.raw.xz']);
  });

  test('of a comparison', async () => {
    const { directory, convert } = await setUp();
    const disk = await convert();
    await fakeQemuImg(directory, 'while :; do sleep 0.05; done');
    const controller = new AbortController();
    const comparing = compareDisk({ disk, signal: controller.signal });
    setTimeout(() => controller.abort(reason), 50);
    await expect(comparing).rejects.toBe(reason);
  });
});

describe('kill -9', () => {
  const child = new URL('./support/convert-child.ts', import.meta.url);

  test.each([
    ['converting to a streamed VMDK', 'vmdk', false, ''],
    ['decompressing', 'vhdx', true, '.decompressed'],
  ] as const)(
    'in the middle of %s leaves no final file and no child, and the next run succeeds',
    async (_, format, compressed, stem) => {
      const { image, output, made } = await setUp({ compressed, random: compressed ? mib : 48 * mib });
      if (compressed) await repeatStream(image, 25);
      const parent = fork(child, [image, format, output], { execArgv: ['--conditions=@ec2-image/source'] });
      const size = () =>
        stat(partialPath(output + stem)).then(
          ({ size }) => size,
          () => 0,
        );
      await expect.poll(size, { interval: 5, timeout: 30_000 }).toBeGreaterThan(100_000);
      const children = (await readFile(`/proc/${parent.pid}/task/${parent.pid}/children`, 'utf8'))
        .trim()
        .split(' ')
        .map(Number);
      expect(children.filter((pid) => pid > 0)).not.toEqual([]);
      parent.kill('SIGKILL');
      await expect.poll(async () => (await Promise.all(children.map(isRunning))).includes(true)).toBe(false);
      expect(await made()).toEqual([`out.vhdx${stem}.partial`]);

      const disk = await convertImage({ image: { path: image }, format, output, reuse: true });
      await compareDisk({ disk });
      expect((await made()).filter((name) => name.endsWith('.partial'))).toEqual([]);
    },
  );
});

describe('compareDisk', () => {
  test('counts its progress to the end of the disk', async () => {
    const disk = await (await setUp()).convert();
    const seen: number[] = [];
    await compareDisk({ disk, onProgress: ({ done, total }) => seen.push(done / total) });
    expect(seen.at(-1)).toBe(1);
  });

  test('names the first difference', async () => {
    const { output, convert } = await setUp();
    const disk = await convert();
    const bytes = await readFile(output);
    const at = bytes.indexOf('the quick brown fox');
    bytes[at] = 'T'.charCodeAt(0);
    await writeFile(output, bytes);
    const offset = (await readFile(disk.source.path)).indexOf('the quick brown fox');
    const error: unknown = await compareDisk({ disk }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'DISK_DIFFERS' });
    // qemu-img names the sector or the run of them.
    expect(Math.abs((error as { offset: number }).offset - offset)).toBeLessThan(512);
  });

  test('of a disk of several stretches, wherever it is, and the lowest where there are more', async () => {
    const { directory, raw, output, convert } = await setUp();
    await truncate(raw, 800 * mib + 512);
    const marks = [300 * mib + 4096, 800 * mib];
    await using source = await open(raw, 'r+');
    for (const at of marks) await source.write(`a mark at ${at}`, at);
    const disk = await convert();
    await compareDisk({ disk });
    const spoiled = join(directory, 'spoiled.raw');
    for (const at of marks.toReversed()) {
      await copyFile(raw, spoiled);
      await using file = await open(spoiled, 'r+');
      for (const mark of marks.filter((mark) => mark >= at)) await file.write('A', mark);
      await run('qemu-img', ['convert', '-f', 'raw', '-O', 'vhdx', spoiled, output]);
      await expect(compareDisk({ disk })).rejects.toMatchObject({ code: 'DISK_DIFFERS', offset: at });
    }
  });

  test('tells another size and another format before it reads', async () => {
    const { output, convert } = await setUp();
    const disk = await convert();
    await run('qemu-img', ['create', '-f', 'vhdx', output, '1G']);
    await expect(compareDisk({ disk })).rejects.toMatchObject({ code: 'DISK_DIFFERS', diskSize: 1024 ** 3 });
    await run('qemu-img', ['create', '-f', 'qcow2', output, '1G']);
    await expect(compareDisk({ disk })).rejects.toMatchObject({ code: 'COMPARISON_FAILED' });
  });

  test('says why it could not', async () => {
    const { directory, convert } = await setUp();
    const disk = await convert();
    await fakeQemuImg(directory, 'echo "qemu-img: Error while reading offset 0" >&2; exit 4');
    await expect(compareDisk({ disk })).rejects.toMatchObject({ code: 'COMPARISON_FAILED', exitCode: 4 });
  });
});

test('an image with many blocks is inspected in no time, and little memory', async () => {
  const directory = await temporaryDirectory();
  const images = join(directory, 'image.qcow2');
  await run('qemu-img', ['create', '-f', 'qcow2', '-o', 'preallocation=metadata', images, '60G']);
  const before = process.memoryUsage().rss;
  const start = performance.now();
  await inspectImage({ path: images, allowUnbootable: true });
  expect(performance.now() - start).toBeLessThan(1500);
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * mib);
});
