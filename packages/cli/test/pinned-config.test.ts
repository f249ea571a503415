import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { bucket, region } from './support/account.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import { type ImportDocument, makeWorkDirectory } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

const test = testWith({ formats: ['qcow2', 'raw.xz'] })
  .extend(
    'source',
    ({ images }) => `# The images of our team
# (see the wiki)

bucket: ${bucket} # shared
suffix: \${IMG_SFX}
poll-interval: 0.05
verify: true
allow-unbootable: true
max-disk-size: 10GiB
role-name: vmimport
key-prefix: "disks/"

images: # by team
    # the stable one
    one: # behind the name
        # above the first key
        url: ${images.server.url}/\${FILE}
        checksum-url: ${images.checksumUrl} # signed
        arch: x86_64
        tag: # of every resource
            team: images

    gone: {url: "${images.server.url}/nothing.raw", sha256: "${'d'.repeat(64)}", arch: arm64}
    other:
        url: https://example.org/\${UNSET}
        checksum-url: https://example.org/CHECKSUM
        arch: arm64
# the end
`,
  )
  .extend('path', async ({ source }) => {
    const path = join(await temporaryDirectory('pinned'), 'ec2-image.yaml');
    await writeFile(path, source);
    return path;
  })
  /** Runs `import` of a configuration file, from a new work directory. */
  .extend('run', ({ account, images }) => async (config: string, ...args: string[]) => {
    return runInProcess(
      [
        ...['import', ...args, '--config', config, '--endpoint-url', account.aws.url],
        ...['--work-dir', await makeWorkDirectory(), '--json'],
      ],
      { env: { IMG_SFX: '7', FILE: images.url('qcow2').split('/').at(-1)! } },
    );
  });

describe('a configuration file', () => {
  test('keeps its comments, variables, settings and other images, gains the pins, and fed back it reuses', async ({
    path,
    run,
    source,
  }) => {
    const first = (await run(path, 'one', 'gone')).json<ImportDocument>();
    expect(first.images.map(({ outcome }) => outcome)).toEqual(['imported', 'failed']);
    const [one] = first.images;
    const pins = `region: ${region}\n        amis:\n            ${region}: ${one!.imageId}\n`;
    expect(first.next).toBe(
      source
        .replace(
          /checksum-url: http:.* # signed/,
          `sha256: ${one!.source.digest!.slice('sha256:'.length)} # signed`,
        )
        .replace('    team: images\n', `    team: images\n        ${pins}`)
        // The third image was not asked for: the region is not said for all.
        .replace('arch: arm64}', `arch: arm64, region: ${region}}`),
    );

    const again = join(await temporaryDirectory('again'), 'ec2-image.yaml');
    await writeFile(again, first.next);
    const second = (await run(again, 'one')).json<ImportDocument>();
    expect(second.images.map(({ outcome, imageId }) => [outcome, imageId])).toEqual([
      ['reused', first.images[0]!.imageId],
    ]);
    expect(second.next).toBe(first.next);
    expect(await readFile(path, 'utf8')).toBe(source);
  });

  test('is written with --write-config, with its mode, and what the flags said differently', async ({
    path,
    run,
  }) => {
    await chmod(path, 0o640);
    const { exitCode, stdout, stderr } = await run(path, 'one', '--write-config', '--suffix', '8', '--fresh');
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain(`Wrote ${path}\n`);
    const written = await readFile(path, 'utf8');
    expect(written).toBe((JSON.parse(stdout) as ImportDocument).next);
    expect(written).toMatch(/^ {8}suffix: "8"$/m);
    expect(written).toContain('suffix: ${IMG_SFX}\n');
    expect(written).not.toContain('fresh');
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    const second = (await run(path, 'one')).json<ImportDocument>();
    expect(second.images[0]).toMatchObject({ outcome: 'reused', amiName: 'one-i8' });
  });

  test('of another system keeps its line ends and its byte order mark, and fed back it reuses', async ({
    path,
    run,
    source,
  }) => {
    const foreign = `\uFEFF${source.replaceAll('\n', '\r\n').replace('arch: x86_64', 'arch:    x86_64   # here')}`;
    await writeFile(path, foreign);
    const first = (await run(path, 'one', '--write-config')).json<ImportDocument>().images[0]!;
    const written = await readFile(path, 'utf8');
    const hex = first.source.digest!.slice('sha256:'.length);
    expect(written).toBe(
      foreign
        .replace(/checksum-url: http:.* # signed/, `sha256: ${hex} # signed`)
        .replace(
          'team: images\r\n',
          `team: images\r\n        region: ${region}\r\n        amis:\r\n            ${region}: ${first.imageId}\r\n`,
        ),
    );
    const second = (await run(path, 'one', '--write-config')).json<ImportDocument>();
    expect(second.images[0]).toMatchObject({ outcome: 'reused', imageId: first.imageId });
    expect(await readFile(path, 'utf8')).toBe(written);
  });

  test('a secret of a URL is kept in the file, and printed nowhere', async ({ path, run, source }) => {
    const secret = source.replace('http://', 'http://me:s3cr3t@').replace('${FILE}', '${FILE}?token=s3cr3t');
    await writeFile(path, secret);
    const { stdout, stderr } = await run(path, 'one', '--write-config');
    expect(stdout + stderr).not.toContain('s3cr3t');
    expect(stdout).toContain('/${FILE}');
    expect(await readFile(path, 'utf8')).toContain('${FILE}?token=s3cr3t');
  });

  test('that changed meanwhile is not overwritten', async ({ account, path, run, source }) => {
    account.aws.calls.clear();
    const running = run(path, 'one', '--write-config', '--suffix', '9');
    await expect
      .poll(() => account.aws.calls.list().some(({ operation }) => operation === 'DescribeImages'))
      .toBe(true);
    await writeFile(path, `${source}# mine\n`);
    const { exitCode, stderr, json } = await running;
    expect(json<ImportDocument>().images).toHaveLength(1);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('CONFIG_CHANGED'),
    });
    expect(await readFile(path, 'utf8')).toBe(`${source}# mine\n`);
  });
});

test('of one image by flags the configuration is made, and reproduces it', async ({
  images,
  run,
  runImport,
}) => {
  const first = (
    await runImport({
      name: 'by-flags',
      url: images.url('raw.xz'),
      tag: ['team=images', 'price=$${5}'],
      verify: true,
      fresh: true,
    })
  ).json<ImportDocument>();
  expect(first.next).not.toMatch(/fresh|checksum-url:/);
  expect(first.next).toContain(` # from ${images.checksumUrl}\n`);
  const path = join(await temporaryDirectory('flags'), 'ec2-image.yaml');
  await writeFile(path, first.next);
  const second = (await run(path)).json<ImportDocument>();
  const [one] = second.images;
  expect(one).toMatchObject({ outcome: 'reused', imageId: first.images[0]!.imageId });
  expect(one!.tags).toMatchObject({ team: 'images', price: '$${5}' });
  expect(second.next).toBe(first.next);
});

test('a path on the command line is that path in a configuration that lies elsewhere, too', async ({
  images,
  runImport,
}) => {
  const config = join(await temporaryDirectory('elsewhere'), 'ec2-image.yaml');
  await writeFile(config, `bucket: ${bucket}\n`);
  const disk = join(images.directory, images.url('qcow2').split('/').at(-1)!);
  const { json } = await runImport({
    name: 'by-path',
    bucket: undefined,
    config,
    url: relative(process.cwd(), disk),
  });
  expect(json<ImportDocument>().next).toContain(
    `bucket: ${bucket}\nregion: ${region}\nimages:\n  by-path:\n`,
  );
  expect(json<ImportDocument>().next).toContain(`    url: ${disk}\n`);
});
