import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';

const setup = fileURLToPath(new URL('../setup', import.meta.url));
/** What the script calls besides that which is under test. */
const basics = ['cat', 'chmod', 'dirname', 'env', 'mktemp', 'rm', 'sh', 'sleep', 'sort', 'tr', 'true'];
const tools = ['qemu-img', 'xz', 'bzip2', 'zstd', 'sfdisk', 'mke2fs'];

let bin: string;

beforeEach(async () => {
  bin = await mkdtemp(join(tmpdir(), 'setup-'));
  onTestFinished(() => rm(bin, { recursive: true }));
  for (const name of basics) {
    const path = ['/usr/bin', '/bin']
      .map((directory) => join(directory, name))
      .find((each) => existsSync(each));
    await symlink(path!, join(bin, name));
  }
  for (const name of [...tools, 'pnpm']) await program(name);
  await program('id', 'echo 0');
});

/** Each notes how it was called; `body` is what it does besides. */
async function program(name: string, body = '') {
  await writeFile(join(bin, name), `#!/bin/sh\necho "${name} $*" >>"${bin}/calls"\n${body}\n`, {
    mode: 0o755,
  });
}

async function remove(name: string) {
  await rm(join(bin, name));
}

/** The script on a machine that has these programs and no others, with Node and pnpm already there. */
async function run(...args: string[]): Promise<{ code: number; stderr: string; calls: string[] }> {
  const env = { PATH: bin, EC2_IMAGE_TOOLCHAIN: 'test', EC2_IMAGE_PROGRESS_SECONDS: '1' };
  const { promise, resolve } = Promise.withResolvers<{ code: number; stderr: string }>();
  execFile(setup, args, { env }, (error, _stdout, stderr) => {
    resolve({ code: Number(error?.code ?? 0), stderr });
  });
  const ended = await promise;
  const calls = await readFile(join(bin, 'calls'), 'utf8').catch(() => '');
  return { ...ended, calls: calls.split('\n').filter((call) => call !== '' && !call.startsWith('id ')) };
}

/** An installer that brings what is missing. */
const bringing = (name: string) =>
  `case "$*" in *install*) printf '#!/bin/sh\\n' >"${bin}/${name}"; chmod +x "${bin}/${name}" ;; esac`;

test('where nothing is missing, it installs the node packages, builds, and no more', async () => {
  expect(await run()).toMatchObject({
    code: 0,
    calls: [
      expect.stringMatching(/^pnpm install --frozen-lockfile/),
      expect.stringMatching(/^pnpm exec turbo run build/),
    ],
  });
});

test('--no-build leaves the build out', async () => {
  const { calls } = await run('--no-build');
  expect(calls).toEqual([expect.stringMatching(/^pnpm install/)]);
});

test('what takes long says so, and is silent otherwise', async () => {
  await program('pnpm', 'case "$*" in *build*) sleep 2.5 ;; esac');
  const { code, stderr } = await run();
  expect(code).toBe(0);
  // A busy machine may miss a second, or have one more.
  expect(stderr).toMatch(
    /^(setup: installing the node packages\n)?(setup: building: still running after \d s\n){1,4}$/,
  );
});

test('what fails shows its output', async () => {
  await program('pnpm', 'echo "the lockfile is out of date" >&2; exit 1');
  expect(await run()).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('the lockfile is out of date'),
  });
});

// Where /usr/sbin is /usr/bin, nothing can be hidden from the script.
describe.skipIf(existsSync('/usr/sbin/qemu-img'))('with qemu-img missing', () => {
  beforeEach(() => remove('qemu-img'));

  test.each([
    ['apt-get', 'apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 qemu-utils'],
    ['dnf', 'dnf install -y --setopt=install_weak_deps=False qemu-img'],
  ])('%s brings its package', async (installer, call) => {
    await program(installer, bringing('qemu-img'));
    const { code, stderr, calls } = await run();
    expect(code).toBe(0);
    expect(stderr).toMatch(/^setup: installing qemu-(utils|img)$/m);
    expect(calls).toContain(call);
  });

  test('an apt-get that cannot reach every repository still installs', async () => {
    await program('apt-get', `[ "$1" != update ] || exit 100\n${bringing('qemu-img')}`);
    expect((await run()).code).toBe(0);
  });

  test('without an installer, one sentence says what is missing', async () => {
    expect(await run()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^setup: missing: qemu-img; there is neither apt-get nor dnf .*\n$/),
      calls: [],
    });
  });

  test('without root and sudo, one sentence says what to run', async () => {
    await program('id', 'echo 1000');
    await program('apt-get');
    expect(await run()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^setup: missing: qemu-img; .*'sudo apt-get install qemu-utils'.*\n$/),
    });
  });

  test('without root, sudo installs', async () => {
    await program('id', 'echo 1000');
    await program('dnf', bringing('qemu-img'));
    await program('sudo', 'shift; exec "$@"');
    const { code, calls } = await run();
    expect(code).toBe(0);
    expect(calls).toContain('sudo -n dnf install -y --setopt=install_weak_deps=False qemu-img');
  });

  test('an installation that fails shows its output, and what is missing', async () => {
    await program('apt-get', '[ "$1" = update ] || { echo "E: no such package"; exit 100; }');
    const { code, stderr } = await run();
    expect(code).toBe(1);
    expect(stderr).toContain('E: no such package');
    expect(stderr).toMatch(/^setup: missing: qemu-img, after 'apt-get install qemu-utils' failed.*$/m);
  });
});

describe('what boots the AMIs of the demo', () => {
  test('is installed for the demo alone', async () => {
    await program('apt-get', bringing('qemu-system-x86_64'));
    expect((await run()).calls.filter((call) => call.startsWith('apt-get'))).toEqual([]);
    const { code, stderr, calls } = await run('demo');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^setup: installing qemu-system-x86$/m);
    expect(calls).toContainEqual(expect.stringMatching(/^apt-get install .* qemu-system-x86$/));
    expect(calls.at(-1)).toMatch(/^pnpm exec turbo run build/);
  });

  test('is left out where it cannot be installed, which is said', async () => {
    await program('id', 'echo 1000');
    await program('apt-get');
    const { code, stderr, calls } = await run('demo');
    expect(code).toBe(0);
    expect(stderr).toMatch(/'sudo apt-get install qemu-system-x86'/);
    expect(stderr).toContain('setup: continuing: the demo leaves out its boot test.\n');
    expect(calls.at(-1)).toMatch(/^pnpm exec turbo run build/);
  });
});

test('what only tests and benchmarks need is missed only for them', async () => {
  expect((await run()).code).toBe(0);
  const { code, stderr } = await run('test');
  expect(code).toBe(1);
  // Whether this system has the firmware does not depend on PATH.
  expect(stderr).toMatch(
    /missing: (?:aavmf-firmware )?aws chromium fish gpg img_cat mandoc (?:ovmf-firmware )?python3 qemu-system-aarch64 qemu-system-x86_64 zsh;/,
  );
});
