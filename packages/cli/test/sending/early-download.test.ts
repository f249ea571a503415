import { readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultAction } from '@ec2-image/local-aws';
import { bucket, type TestAccount } from '../support/account.ts';
import { expectOneOfEach } from '../support/crash-points.ts';
import { describe, expect } from '../support/fixtures.ts';
import { gatedImages, testOfGated } from '../support/gated-images.ts';
import type { GatedMirror } from '../support/gated-mirror.ts';
import type { Flags } from '../support/import.ts';
import { runInProcess } from '../support/in-process.ts';
import { startCli } from '../support/run-cli.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** Calm: it is the account's second look for a snapshot that is held, and not the first one repeated. */
const calm = { account: { conditions: 'calm' } } as const;
const testOfQcow2 = earlyTestOf(gatedImages.qcow2, { ...calm, flags: { connections: 1 } });
const streamed = {
  'raw.xz': earlyTestOf(gatedImages['raw.xz'], calm),
  'raw.zst': earlyTestOf(gatedImages['raw.zst'], calm),
};

function earlyTestOf(...image: Parameters<typeof testOfGated>) {
  return (
    testOfGated(...image)
      /** An import, once bytes of its image have been sent while its second look for a snapshot is held. */
      .extend(
        'importWhileRead',
        ({ account, mirror, runImport }) =>
          async (flags: Flags = {}, { isOpen = false } = {}) => {
            const held = atSecondLook(account, { kind: 'hang' });
            const served = await mirror();
            if (isOpen) served.open();
            const running = runImport({ url: served.url, ...flags });
            await held.struck;
            await untilBytesOf(served, running);
            return { held, served, running };
          },
      )
  );
}

/** The second look for a snapshot of the image, by its digest. */
const secondLook = {
  match: {
    operation: 'DescribeSnapshots',
    parameters: { 'Filter.1.Name': 'tag:ec2-image:source-digest' },
  },
  nth: 2,
} as const;

function atSecondLook(account: TestAccount, action: FaultAction) {
  return account.aws.faults.add({ ...secondLook, action });
}

/** Resolves once bytes of the image have been sent; fails where the import ends before. */
async function untilBytesOf(mirror: GatedMirror, importEnded: Promise<unknown>): Promise<void> {
  let hasEnded = false;
  const end = () => {
    hasEnded = true;
  };
  importEnded.then(end, end);
  while (!mirror.answers.some(({ sent }) => sent > 0)) {
    expect(hasEnded, 'the import has ended').toBe(false);
    await delay(10);
  }
}

async function partialFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  return names.filter((name) => name.endsWith('.partial'));
}

const ways: readonly Flags[] = [{}, { format: 'vmdk' }, { connections: 4 }, { via: 'ebs' }, { verify: true }];

describe('the download of an image', { timeout: 120_000 }, () => {
  testOfQcow2.for(ways)(
    'begins while the account is still being read: %j',
    async (flags, { account, images, importWhileRead }) => {
      const { held, served, running } = await importWhileRead(flags);
      expect(account.calls('CreateMultipartUpload')).toEqual([]);
      expect(account.calls('StartSnapshot')).toEqual([]);
      held.remove();
      served.open();
      const end = await running;
      await expectOneOfEach({ account }, images, end);
      // One over each connection at most, and what is fetched out of turn: nothing is downloaded twice.
      const bytes = served.answers.reduce((sum, { sent }) => sum + sent, 0);
      const size = Math.max(...served.answers.map(({ end }) => end));
      expect(bytes).toBeLessThan(1.5 * size);
    },
  );

  testOfQcow2.for<Flags>([{}, { via: 'ebs' }])(
    'may have ended when the account has been read: %j',
    async (flags, { account, images, importWhileRead, workDirectory }) => {
      const { held, served, running } = await importWhileRead(flags, { isOpen: true });
      while ((await partialFiles(workDirectory)).length > 0) await delay(10);
      held.remove();
      await expectOneOfEach({ account }, images, await running);
      const bytes = served.answers.reduce((sum, { sent }) => sum + sent, 0);
      expect(bytes).toBe(Math.max(...served.answers.map(({ end }) => end)));
    },
  );

  for (const [format, test] of Object.entries(streamed)) {
    test.for<Flags>([{}, { via: 'ebs' }])(
      `begins as early where nothing of it is a file: ${format} %j`,
      async (flags, { account, images, importWhileRead }) => {
        const { held, served, running } = await importWhileRead(flags);
        held.remove();
        served.open();
        await expectOneOfEach({ account }, images, await running);
      },
    );
  }

  testOfQcow2(
    'ends where another machine turns out to have imported the image meanwhile',
    async ({ account, images, argsOf, importWhileRead, workDirectory }) => {
      const { held, running } = await importWhileRead();
      const other = await runInProcess(argsOf({ 'work-dir': await temporaryDirectory('other') }));
      expect(other.exitCode, other.stderr).toBe(0);
      held.remove();
      // The rest of the image never comes.
      const end = await running;
      await expectOneOfEach({ account }, images, end);
      const taken = Object.fromEntries(end.result.steps.map(({ step, outcome }) => [step, outcome]));
      expect(taken).toMatchObject({ download: 'skipped', upload: 'skipped', import: 'reused' });
      expect(await partialFiles(workDirectory)).toEqual([]);
    },
  );

  testOfQcow2(
    'ends with an import that is refused, and what has come is kept for the next',
    async ({ account, images, importWhileRead, runImport, workDirectory }) => {
      const refused = account.aws.faults.add({
        ...secondLook,
        nth: 3,
        times: 'always',
        action: { kind: 'error', preset: 'access-denied' },
      });
      const { held, served, running } = await importWhileRead();
      held.remove();
      const { exitCode, result } = await running;
      expect(exitCode).toBe(1);
      expect(result.error).toMatchObject({ code: 'ACCESS_DENIED' });
      expect(result.steps.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
      expect(await partialFiles(workDirectory)).toHaveLength(1);
      refused.remove();
      served.open();
      const again = await runImport({ url: served.url });
      expect(again.stderr).toContain('resuming download');
      await expectOneOfEach({ account }, images, again);
    },
  );

  testOfQcow2('ends at once with an interrupt', async ({ account, argsOf, mirror }) => {
    const held = atSecondLook(account, { kind: 'hang' });
    const served = await mirror();
    const { child, ended } = startCli(argsOf({ url: served.url }));
    await held.struck;
    await untilBytesOf(served, ended);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ exitCode: 130 });
    held.remove();
    expect(await account.contents()).toMatchObject({ images: [], snapshots: [], objects: [], uploads: [] });
  });

  testOfQcow2('fails where the image is missing, however early', async ({ account, mirror, runImport }) => {
    const held = atSecondLook(account, { kind: 'delay', ms: 300 });
    const served = await mirror({ statusOf: () => 404 });
    const { exitCode, result } = await runImport({ url: served.url });
    await held.struck;
    expect(exitCode).toBe(1);
    expect(result.error).toMatchObject({ code: 'HTTP_NOT_FOUND' });
    expect(account.calls('CreateMultipartUpload')).toEqual([]);
  });

  testOfQcow2(
    'does not begin where an object of the image is there',
    async ({ account, mirror, runImport }) => {
      const served = await mirror();
      // The task is refused, so that the object stays behind.
      const refused = account.aws.faults.add({
        match: { operation: 'ImportSnapshot' },
        times: 'always',
        action: { kind: 'error', preset: 'access-denied' },
      });
      served.open();
      // Where the image tells how it boots, it is needed for that.
      const flags = { url: served.url, 'boot-mode': 'uefi-preferred', proof: 'none' };
      expect((await runImport(flags)).exitCode).toBe(1);
      refused.remove();
      const before = served.answers.length;
      const { exitCode, stderr } = await runImport({
        ...flags,
        'work-dir': await temporaryDirectory('other'),
      });
      expect(exitCode, stderr).toBe(0);
      expect(stderr).toContain(`reusing object s3://${bucket}/`);
      expect(served.answers).toHaveLength(before);
    },
  );
});
