import { rm } from 'node:fs/promises';
import { tagRecord } from '@ec2-image/provenance';
import { expect } from 'vitest';
import { bucket, openAccount, type TestAccount } from '../support/account.ts';
import { expectOneOfEach, type Way } from '../support/crash-points.ts';
import { type GatedImage, openGate } from '../support/gated-images.ts';
import type { TestImages } from '../support/images.ts';
import { type ImportDocument, importArgs, makeWorkDirectory } from '../support/import.ts';
import { runInProcess } from '../support/in-process.ts';
import { answered } from '../support/sent-parts.ts';
import { type FaultScene, hangTimeoutSeconds, maxAttempts } from './fault-points.ts';

/** An import from nothing, by one way. Where it is `gated`, the download waits until a part of the disk has been sent. */
export async function openImportScene(
  images: TestImages,
  { way, gated }: { readonly way: Way; readonly gated?: GatedImage },
): Promise<FaultScene> {
  // Calm: the table says what becomes of one fault at one call of a recorded run, and not of what chance adds to it.
  // The task is longer than two polls however quick the machine is; what is complete then is visible at once.
  const account = await openAccount({
    conditions: 'calm',
    ec2: { importTaskMs: 150, snapshotCompletionMs: 0, imageCreationMs: 0 },
  });
  const workDirectory = await makeWorkDirectory();
  const gate = gated && (await openGate(images, gated));
  account.aws.calls.subscribe(({ operation }) => {
    if (operation === 'UploadPart' && answered(account, operation).length > 0) gate?.open();
  });
  return {
    account,
    run: ({ hangs = false } = {}) =>
      runInProcess(
        importArgs({
          account,
          workDirectory,
          url: gate?.url ?? images.url('qcow2'),
          'checksum-url': images.checksumUrl,
          via: way,
          bucket: way === 's3' ? bucket : undefined,
          // Few blocks: of zeros past the disk's end alone there would be two thousand.
          'omit-holes': way === 'ebs' || undefined,
          suffix: 'fault',
          // Small, and one part: the matrix has a thousand imports.
          format: way === 's3' ? 'vmdk' : undefined,
          connections: 1,
          'max-attempts': maxAttempts,
          'request-timeout': hangs ? hangTimeoutSeconds : undefined,
        }),
      ),
    expectDone: (end) => expectOneOfEach({ account }, images, end),
    async leftoversOf(end) {
      // The run that is to follow has nothing to wait for.
      gate?.open();
      const left = await whatIsLeft(account);
      const [result] = end.json<ImportDocument>().images;
      if (result?.outcome === 'failed') expectTold(left, result.leftovers ?? []);
      return left;
    },
    async [Symbol.asyncDispose]() {
      await gate?.[Symbol.asyncDispose]();
      await account[Symbol.asyncDispose]();
      await rm(workDirectory, { recursive: true, force: true });
    },
  };
}

/** Nothing is in the account that the run has not reported. A task has become a snapshot when this reads it. */
export function expectTold(left: string, told: readonly string[]): void {
  const words = told.join(', ');
  if (left.includes('upload')) expect(words).toContain('an incomplete multipart upload to s3://');
  if (left.includes('object')) expect(words).toMatch(/(^|, |upload to )s3:\/\//);
  if (left.includes('snapshot')) expect(words).toMatch(/snapshot|import task/);
  if (left.includes('AMI')) expect(words).toMatch(/AMI ami-/);
}

/** Once the tasks that still ran have ended, as they do by themselves. */
export async function whatIsLeft(account: TestAccount): Promise<string> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const { images, snapshots, tasks, objects, uploads } = await account.contents();
    const running = tasks.some(({ SnapshotTaskDetail }) => SnapshotTaskDetail?.Status !== 'completed');
    const pending = snapshots.some(({ State }) => State !== 'completed');
    if ((running || pending) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      continue;
    }
    const untagged = snapshots.filter(({ Tags }) => !('ec2-image:source-digest' in tagRecord(Tags)));
    const untaggedImages = images.filter(({ Tags }) => !('ec2-image:source-digest' in tagRecord(Tags)));
    const resources = [
      counted(uploads.length, 'upload'),
      counted(objects.length, 'object'),
      counted(snapshots.length - untagged.length, 'snapshot'),
      counted(untagged.length, 'untagged snapshot'),
      counted(images.length - untaggedImages.length, 'AMI'),
      counted(untaggedImages.length, 'untagged AMI'),
    ];
    return resources.filter(Boolean).join(', ') || 'nothing';
  }
}

function counted(count: number, thing: string): string {
  return count > 1 ? `${count} ${thing}s` : count === 1 ? thing : '';
}
