import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DeleteSnapshotCommand, DeregisterImageCommand, DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import { HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { type Gpg, type GpgKey, openGpg } from '@ec2-image/sample-image';
import { afterAll, beforeAll } from 'vitest';
import type { ImageResult } from '../src/outcome.ts';
import { bucket } from './support/account.ts';
import { describe, expect, testWith } from './support/fixtures.ts';
import type { Flags, ImportDocument } from './support/import.ts';
import { runInProcess } from './support/in-process.ts';

let gpg: Gpg;
let publisher: GpgKey;
let stranger: GpgKey;
/** Of their keys: files whose name is in the end that of a publisher. */
let keyring: string;
let strangers: string;
beforeAll(async () => {
  gpg = await openGpg();
  publisher = await gpg.makeKey('ed25519');
  stranger = await gpg.makeKey('rsa2048');
  keyring = await gpg.exportKeys([publisher]);
  strangers = await gpg.exportKeys([stranger], { armor: false });
}, 30_000);
afterAll(() => gpg[Symbol.asyncDispose]());

/** The images, signed in every way that publishers sign. */
const test = testWith({ flags: { suffix: '1' } })
  .extend('signed', async ({ images }) => {
    const { directory, server } = images;
    const name = basename(images.url('qcow2'));
    const image = await readFile(join(directory, name));
    const entries = (await readFile(join(directory, 'CHECKSUM'), 'utf8')).match(/^SHA256 .*$/gm)!;
    const plain = `${entries.join('\n')}\n`;
    const clearSigned = await gpg.sign(publisher, plain, ['--clear-sign']);
    await Promise.all([
      writeFile(join(directory, 'SIGNED'), clearSigned),
      writeFile(join(directory, 'FORGED'), clearSigned.toString().replace(/= ./, '= 0')),
      writeFile(join(directory, 'SHA256SUMS'), plain),
      writeFile(join(directory, 'SHA256SUMS.gpg'), await gpg.sign(publisher, plain, ['--detach-sign'])),
      writeFile(join(directory, `${name}.sig`), await gpg.sign(publisher, image, ['--detach-sign'])),
      writeFile(join(directory, 'other.sig'), await gpg.sign(publisher, 'another image', ['--detach-sign'])),
    ]);
    return {
      sha256: plain.slice(-65, -1),
      at: (file: string) => `${server.url}/${file}`,
      imageSignature: `${server.url}/${name}.sig`,
      requests: server.requests,
    };
  })
  .extend('tagsInAccount', ({ account }) => async ({ imageId, snapshotId }: ImageResult) => {
    const { Snapshots } = await account.ec2.send(
      new DescribeSnapshotsCommand({ SnapshotIds: [snapshotId!] }),
    );
    const tagsOf = (tags: readonly { Key?: string; Value?: string }[] = []) =>
      tags.find(({ Key }) => Key === 'ec2-image:signed-by')?.Value;
    return { imageId, snapshot: tagsOf(Snapshots![0]!.Tags) };
  });

const nothingMade = /^(CreateMultipartUpload|PutObject|ImportSnapshot|StartSnapshot|RegisterImage)$/;

describe('a signed checksum file', () => {
  test('clear-signed: the signer is told, recorded and pinned, and what is pinned is reused', async ({
    signed,
    runImport,
    tagsInAccount,
    workDirectory,
    account,
  }) => {
    const first = await runImport({ 'checksum-url': signed.at('SIGNED'), keyring, 'keep-object': true });
    const { result } = first;
    expect(first.exitCode, first.stderr).toBe(0);
    expect(result).toMatchObject({
      outcome: 'imported',
      source: { signedBy: publisher.fingerprint },
      tags: { 'ec2-image:signed-by': publisher.fingerprint },
    });
    expect(first.stderr).toContain(`good signature of the checksum file by ${publisher.fingerprint}`);
    expect(await tagsInAccount(result)).toMatchObject({ snapshot: publisher.fingerprint });
    const { Contents } = await account.s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    const { Metadata } = await account.s3.send(
      new HeadObjectCommand({ Bucket: bucket, Key: Contents![0]!.Key! }),
    );
    expect(Metadata).toMatchObject({ 'ec2-image-signed-by': publisher.fingerprint });

    const { next } = first.json<ImportDocument>();
    expect(next).toContain(`keyring: ${keyring}`);
    const config = join(workDirectory, 'ec2-image.yaml');
    await writeFile(config, next);
    const again = await runInProcess([
      'import',
      ...['--config', config, '--endpoint-url', account.aws.url, '--work-dir', workDirectory, '--json'],
    ]);
    expect(again.json<ImportDocument>().images[0]).toMatchObject({
      outcome: 'reused',
      imageId: result.imageId,
      source: { signedBy: publisher.fingerprint },
    });
  });

  test('with its signature beside it; the pin leaves that out', async ({ signed, runImport }) => {
    const { result, json } = await runImport({
      'checksum-url': signed.at('SHA256SUMS'),
      'signature-url': signed.at('SHA256SUMS.gpg'),
      keyring,
    });
    expect(result).toMatchObject({ outcome: 'imported', source: { signedBy: publisher.fingerprint } });
    expect(json<ImportDocument>().next).not.toContain('signature-url');
  });

  test.for([
    ['a forged digest', 'FORGED', () => keyring, 'SIGNATURE_BAD'],
    ['an unknown key', 'SIGNED', () => strangers, 'SIGNATURE_KEY_UNKNOWN'],
    ['no signature', 'SHA256SUMS', () => keyring, 'SIGNATURE_MISSING'],
  ] as const)('%s: nothing is made', async ([_, file, ring, code], { signed, runImport, account }) => {
    const { exitCode, result } = await runImport({ 'checksum-url': signed.at(file), keyring: ring() });
    expect(exitCode).toBe(1);
    expect(result).toMatchObject({ outcome: 'failed', error: { code } });
    expect(account.aws.calls.list().filter(({ operation }) => nothingMade.test(operation))).toEqual([]);
  });
});

describe.for(['s3', 'ebs'])('a signed image, by way of %s', (via) => {
  const flags = (signed: { sha256: string; imageSignature: string }): Flags => ({
    via,
    'omit-holes': via === 'ebs' || undefined,
    'checksum-url': undefined,
    sha256: signed.sha256,
    'signature-url': signed.imageSignature,
    keyring,
  });

  test('is imported with its signer, and reused by the record of it', async ({
    signed,
    runImport,
    tagsInAccount,
  }) => {
    const first = await runImport(flags(signed));
    expect(first.exitCode, first.stderr).toBe(0);
    expect(first.result).toMatchObject({
      outcome: 'imported',
      source: { signedBy: publisher.fingerprint },
      tags: { 'ec2-image:signed-by': publisher.fingerprint },
    });
    expect(await tagsInAccount(first.result)).toMatchObject({ snapshot: publisher.fingerprint });
    expect(first.json<ImportDocument>().next).toContain(`signature-url: ${signed.imageSignature}`);
    const asked = signed.requests.length;
    const again = await runImport({ ...flags(signed), 'signature-url': undefined });
    expect(again.result).toMatchObject({
      outcome: 'reused',
      imageId: first.result.imageId,
      source: { signedBy: publisher.fingerprint },
    });
    expect(signed.requests).toHaveLength(asked);
  });

  test('with the signature of another image: nothing is made of what was sent', async ({
    signed,
    runImport,
    account,
  }) => {
    const { exitCode, result } = await runImport({
      ...flags(signed),
      'signature-url': signed.at('other.sig'),
    });
    expect(exitCode).toBe(1);
    expect(result).toMatchObject({ outcome: 'failed', error: { code: 'SIGNATURE_BAD' }, leftovers: [] });
    // By way of S3, its parts go out while it arrives.
    const made = account.aws.calls.list().filter(({ operation }) => nothingMade.test(operation));
    expect(made.filter(({ operation }) => operation !== 'CreateMultipartUpload')).toEqual([]);
    expect(await account.contents()).toMatchObject({ images: [], snapshots: [], objects: [], uploads: [] });
  });

  test('an AMI or a snapshot without a record of its signer counts once the image was verified', async ({
    signed,
    runImport,
    account,
  }) => {
    const { result: unsigned } = await runImport({
      ...flags(signed),
      'signature-url': undefined,
      keyring: undefined,
    });
    expect(unsigned.tags).not.toHaveProperty('ec2-image:signed-by');
    const without = await runImport({ ...flags(signed), 'signature-url': undefined });
    expect(without.result).toMatchObject({ outcome: 'failed', error: { code: 'SIGNATURE_MISSING' } });
    const byStranger = await runImport({ ...flags(signed), keyring: strangers });
    expect(byStranger.result).toMatchObject({ outcome: 'failed', error: { code: 'SIGNATURE_KEY_UNKNOWN' } });

    await account.ec2.send(new DeregisterImageCommand({ ImageId: unsigned.imageId! }));
    const fromSnapshot = await runImport(flags(signed));
    expect(fromSnapshot.result, fromSnapshot.stderr).toMatchObject({
      outcome: 'imported',
      snapshotId: unsigned.snapshotId,
      source: { signedBy: publisher.fingerprint },
    });
    const { imageId, snapshotId } = fromSnapshot.result;
    // Recorded by a run whose keyring had another key.
    const byAnother = await runImport({ ...flags(signed), keyring: strangers, 'signature-url': undefined });
    expect(byAnother.result).toMatchObject({ outcome: 'failed', error: { code: 'SIGNATURE_MISSING' } });
    await account.ec2.send(new DeregisterImageCommand({ ImageId: imageId! }));
    await account.ec2.send(new DeleteSnapshotCommand({ SnapshotId: snapshotId! }));
  });

  test('an AMI without a record gets it', async ({ signed, runImport }) => {
    const { result: unsigned } = await runImport({
      ...flags(signed),
      'signature-url': undefined,
      keyring: undefined,
    });
    const { result } = await runImport(flags(signed));
    expect(result).toMatchObject({
      outcome: 'reused',
      imageId: unsigned.imageId,
      tags: { 'ec2-image:signed-by': publisher.fingerprint },
    });
  });
});

describe('before anything is fetched', () => {
  test.for<[string, (signed: { at: (file: string) => string }) => Flags, string]>([
    ['no such keyring', () => ({ keyring: '/no/such/keyring' }), 'KEYRING_UNREADABLE'],
    ['an empty keyring', () => ({ keyring: '/dev/null' }), 'KEYRING_UNREADABLE'],
    ['no keyring', ({ at }) => ({ 'signature-url': at('SIGNED.sig') }), 'KEYRING_MISSING'],
    [
      'a signature of another file',
      ({ at }) => ({ keyring, 'signature-url': at('other.sig') }),
      'SIGNATURE_OF_ANOTHER_FILE',
    ],
  ])('%s is wrong usage', async ([_, flags, code], { signed, argsOf, account }) => {
    const asked = signed.requests.length;
    const { exitCode, json } = await runInProcess(argsOf(flags(signed)));
    expect(exitCode).toBe(2);
    expect(json<ImportDocument>()).toMatchObject({ images: [], error: { code } });
    expect(signed.requests).toHaveLength(asked);
    expect(account.aws.calls.list()).toEqual([]);
  });
});

test('paths in the configuration are relative to it, and verify takes the same options', async ({
  signed,
  images,
  account,
  workDirectory,
}) => {
  const name = basename(keyring);
  await writeFile(join(workDirectory, name), await readFile(keyring));
  const config = join(workDirectory, 'ec2-image.yaml');
  await writeFile(
    config,
    `keyring: ${name}\npoll-interval: 0.05\nregion: us-east-1\nbucket: ${bucket}\nimages:\n  one:\n    url: ${images.url('qcow2')}\n    checksum-url: ${signed.at('SIGNED')}\n    arch: x86_64\n`,
  );
  const common = [
    '--config',
    config,
    '--endpoint-url',
    account.aws.url,
    '--work-dir',
    workDirectory,
    '--json',
  ];
  const imported = await runInProcess(['import', ...common]);
  const [result] = imported.json<ImportDocument>().images;
  expect(result, imported.stderr).toMatchObject({
    outcome: 'imported',
    source: { signedBy: publisher.fingerprint },
  });
  expect(imported.json<ImportDocument>().next).toContain(`keyring: ${name}`);
  const source = ['--url', images.url('qcow2'), '--sha256', signed.sha256];
  const verify = (...args: string[]) =>
    runInProcess(['verify', result!.snapshotId!, ...source, ...args, ...common]);
  const verified = await verify('--signature-url', signed.imageSignature);
  expect(verified.exitCode, verified.stderr).toBe(0);
  expect(verified.json()).toMatchObject({ verify: { equal: true, signedBy: publisher.fingerprint } });
  const wrong = await verify('--signature-url', signed.at('other.sig'));
  expect(wrong.exitCode).toBe(1);
  expect(wrong.json()).toMatchObject({ error: { code: 'SIGNATURE_BAD' } });
});
