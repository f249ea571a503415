import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteSnapshotCommand } from '@aws-sdk/client-ec2';
import { execa } from 'execa';
import { bucket, region } from '../support/account.ts';
import { describe, expect, testWith } from '../support/fixtures.ts';
import { publishImages, type TestImages } from '../support/images.ts';
import { runInProcess } from '../support/in-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** EC2 takes it for an AMI, and a shell takes it apart. */
const name = "fedora (it's) 43";
const amiName = `${name}-i1`;

const test = testWith()
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('others', { scope: 'file' }, async ({}, { onCleanup }) => {
    const images = await publishImages(['qcow2'], { dataBytes: 5 * 2 ** 20 });
    onCleanup(() => images[Symbol.asyncDispose]());
    return images;
  })
  .extend(
    'configure',
    ({ workDirectory }) =>
      (entries: Readonly<Record<string, TestImages>>, via = 's3') =>
        writeFile(
          join(workDirectory, 'ec2-image.yaml'),
          [
            `bucket: ${bucket}`,
            `via: ${via}`,
            `omit-holes: ${via === 'ebs'}`,
            'poll-interval: 0.05',
            'images:',
            ...Object.entries(entries).flatMap(([image, { url, checksumUrl }]) => [
              `  ${JSON.stringify(image)}: { url: '${url('qcow2')}', checksum-url: '${checksumUrl}', arch: x86_64 }`,
            ]),
          ].join('\n'),
        ),
  )
  .extend(
    'run',
    ({ account, workDirectory }) =>
      (...args: readonly string[]) =>
        runInProcess([
          ...args,
          ...['--config', join(workDirectory, 'ec2-image.yaml'), '--endpoint-url', account.aws.url],
          ...['--work-dir', join(workDirectory, 'work')],
        ]),
  )
  /** An import of the first image that gets no further than its snapshot. */
  .extend('leaveSnapshot', ({ account, run }) => async (): Promise<void> => {
    const fault = account.aws.faults.add({
      match: { operation: 'RegisterImage' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    expect((await run('import', '--suffix', '1', '--region', region)).exitCode).toBe(1);
    fault.remove();
  })
  /** The arguments of the command that the janitor prints, as a shell takes them. */
  .extend('suggested', ({ run }) => async (): Promise<string[]> => {
    const { stdout } = await run('janitor', '--region', region);
    const line = /^To complete them:\n {2}(ec2-image import .*)$/m.exec(stdout)?.[1];
    expect(line, stdout).toBeDefined();
    const bin = await temporaryDirectory('bin');
    await writeFile(join(bin, 'ec2-image'), '#!/bin/sh\nprintf "%s\\0" "$@"\n', { mode: 0o755 });
    const { stdout: taken } = await execa('sh', ['-c', line!], {
      env: { PATH: `${bin}:${process.env.PATH}` },
    });
    return taken.split('\0').slice(0, -1);
  });

const digestIn = async (published: TestImages) =>
  /\b[0-9a-f]{64}\b/.exec(await readFile(join(published.directory, 'CHECKSUM'), 'utf8'))?.[0];

describe.each(['s3', 'ebs'])('the command to finish an import by way of %s', (via) => {
  test('finishes it, run as it is printed', async ({
    images,
    account,
    configure,
    run,
    leaveSnapshot,
    suggested,
  }) => {
    await configure({ [name]: images }, via);
    await leaveSnapshot();
    const done = await run(...(await suggested()));
    expect(done.exitCode, done.stderr).toBe(0);
    const { images: amis, snapshots } = await account.contents();
    expect(amis).toMatchObject([{ Name: amiName }]);
    expect(snapshots).toHaveLength(1);
  });

  test('after the configuration was changed to another image: the leftover’s is finished, never the other', async ({
    images,
    others,
    account,
    configure,
    run,
    leaveSnapshot,
    suggested,
  }) => {
    await configure({ [name]: images }, via);
    await leaveSnapshot();
    await configure({ [name]: others }, via);
    const command = await suggested();
    expect(command).toEqual(expect.arrayContaining(['--sha256', await digestIn(images)]));
    const done = await run(...command);
    expect(done.exitCode, done.stderr).toBe(0);
    const { images: amis, snapshots } = await account.contents();
    expect(snapshots).toHaveLength(1);
    expect(amis).toMatchObject([
      {
        Name: amiName,
        BlockDeviceMappings: [{ Ebs: { SnapshotId: snapshots[0]!.SnapshotId } }],
        Tags: expect.arrayContaining([
          { Key: 'ec2-image:source-digest', Value: `sha256:${await digestIn(images)}` },
          { Key: 'ec2-image:source-url', Value: images.url('qcow2') },
        ]),
      },
    ]);
  });

  test('and refused where the snapshot has gone meanwhile', async ({
    images,
    others,
    account,
    workDirectory,
    configure,
    run,
    leaveSnapshot,
    suggested,
  }) => {
    await configure({ [name]: images }, via);
    await leaveSnapshot();
    await configure({ [name]: others }, via);
    const command = await suggested();
    const { images: amis, snapshots } = await account.contents();
    expect(amis).toEqual([]);
    for (const { SnapshotId } of snapshots) await account.ec2.send(new DeleteSnapshotCommand({ SnapshotId }));
    await rm(join(workDirectory, 'work'), { recursive: true });
    // At the URL that the leftover had, there is another image by now.
    const refused = await run(
      ...command.map((text) => (text === images.url('qcow2') ? others.url('qcow2') : text)),
    );
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('DIGEST_MISMATCH') });
    expect((await account.contents()).images).toEqual([]);
  });

  test('with nothing of it in the configuration, says what is missing and is refused until then', async ({
    images,
    others,
    account,
    configure,
    run,
    leaveSnapshot,
    suggested,
  }) => {
    await configure({ [name]: images }, via);
    await leaveSnapshot();
    await configure({ another: others }, via);
    const command = await suggested();
    expect(await run(...command)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('ARCH') });
    const done = await run(...command.map((text) => (text === 'ARCH' ? 'x86_64' : text)));
    expect(done.exitCode, done.stderr).toBe(0);
    expect((await account.contents()).images).toMatchObject([{ Name: amiName }]);
    expect((await account.contents()).snapshots).toHaveLength(1);
  });
});
