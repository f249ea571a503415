import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** More than that beside its base would be something that a user does not need. */
const mostAddedBytes = 250 * 2 ** 20;

/** Five minutes on a machine that does nothing else; it has been seen to take half an hour beside other work. */
const limitMs = 3_600_000;

test.runIf(process.env.EC2_IMAGE_TEST === 'all')(
  'the Containerfile builds, on a base behind a private authority, and its ordinary user runs the demo',
  { timeout: limitMs },
  async ({ onTestFinished }) => {
    const storage = mkdtempSync(join(tmpdir(), 'ec2-image-container-'));
    // A copy of everything for each layer: a busy disk takes minutes to delete it.
    onTestFinished(() => rm(storage, { recursive: true, force: true }), limitMs);
    const places = ['--root', join(storage, 'root'), '--runroot', join(storage, 'run')];
    const buildah = async (...args: string[]) => {
      const run = await execa('buildah', [...places, '--storage-driver=vfs', ...args], {
        cwd: root,
        reject: false,
      });
      expect(run.exitCode, `buildah ${args.join(' ')}\n${run.stdout}\n${run.stderr}`).toBe(0);
      return run.stdout;
    };
    await execa(join(root, 'scripts/test/container/make-base'), [storage, 'localhost/base']);
    const build = ['build', '--isolation=chroot', '--build-arg=BASE=localhost/base'];
    await buildah(...build, '--tag=localhost/ec2-image', '--file=Containerfile', '.');

    const container = await buildah('from', '--pull-never', 'localhost/ec2-image');
    const run = (...command: string[]) => buildah('run', '--isolation=chroot', container, '--', ...command);
    expect(await run('id', '-un')).toBe('ec2-image');
    expect(await run('ec2-image', '--version')).toMatch(/^\d+\.\d+\.\d+/);
    expect(await run('ec2-image', 'demo')).toMatch(/^imported .*\n[\s\S]*^reused /m);

    const images: { readonly names: readonly string[]; readonly size: string }[] = JSON.parse(
      await buildah('images', '--json'),
    );
    const inspect = (name: string) => buildah('inspect', '--type=image', `localhost/${name}`);
    const [whole, base] = [await inspect('ec2-image'), await inspect('base')];
    const layersOf = (inspected: string) => JSON.parse(inspected).OCIv1.rootfs.diff_ids.length;
    console.log(
      `container: ${images.map(({ names, size }) => `${names[0]} ${size}`).join(', ')}; ` +
        `layers: ${layersOf(whole)}, of the base ${layersOf(base)}`,
    );
    const bytesOf = (name: string) => bytes(images.find(({ names }) => names[0]?.includes(name))!.size);
    expect(bytesOf('/ec2-image') - bytesOf('/base')).toBeLessThan(mostAddedBytes);
  },
);

/** `452 MB`, as buildah prints sizes. */
function bytes(size: string): number {
  const [, number, unit] = /^([\d.]+) ([KMG]?B)$/.exec(size)!;
  return Number(number) * { B: 1, KB: 1e3, MB: 1e6, GB: 1e9 }[unit as 'B' | 'KB' | 'MB' | 'GB'];
}
