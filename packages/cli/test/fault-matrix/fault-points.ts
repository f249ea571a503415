import { rm } from 'node:fs/promises';
import type { CallRecord, FaultAction, FaultMatch } from '@ec2-image/local-aws';
import { tagRecord } from '@ec2-image/provenance';
import { expect } from 'vitest';
import { bucket, openAccount, type TestAccount } from '../support/account.ts';
import { expectOneOfEach, type Way } from '../support/crash-points.ts';
import type { TestImages } from '../support/images.ts';
import { type ImportDocument, importArgs, makeWorkDirectory } from '../support/import.ts';
import { type InProcessEnd, runInProcess } from '../support/in-process.ts';
import { placeCalls } from './moments.ts';

export const faultActions = {
  '500': { kind: 'error', preset: 'internal-error' },
  '503': { kind: 'error', preset: 'unavailable' },
  throttling: { kind: 'error', preset: 'throttling' },
  'reset before': { kind: 'drop', when: 'before' },
  'reset after': { kind: 'drop', when: 'after' },
  'hang before': { kind: 'hang', when: 'before' },
  'hang after': { kind: 'hang', when: 'after' },
  'access denied': { kind: 'error', preset: 'access-denied' },
  'expired token': { kind: 'error', preset: 'expired-token' },
} as const satisfies Record<string, FaultAction>;

export type FaultName = keyof typeof faultActions;
export const faultNames = Object.keys(faultActions) as FaultName[];

/** Refusals last until somebody changes something; everything else passes. */
export const isRefusal = (fault: FaultName) => fault === 'access denied' || fault === 'expired token';

/** A request is tried so often by the SDK. */
export const maxAttempts = 2;
/** One more than that: the request fails whatever the SDK does, and it is for the tool to go on or to give up. */
export const outageCalls = maxAttempts + 1;

/** A moment of an import, struck by one fault: this once, or from here on (refusals for good, others for `outageCalls`). */
export interface FaultPoint {
  /** The name of its row: a moment of `moments.ts`, or `…, again` where it is the second call of one. */
  readonly call: string;
  readonly moment: string;
  readonly match: FaultMatch;
  /** Among the calls that match, from 1. */
  readonly nth: number;
  readonly fault: FaultName;
  readonly lasting: boolean;
}

/** Long enough for every honest answer on a busy machine; the SDK's second attempt recovers it if not. */
export const hangTimeoutSeconds = 3;

interface FaultScene extends AsyncDisposable {
  readonly account: TestAccount;
  run(options?: { readonly hangs?: boolean }): Promise<InProcessEnd>;
}

async function openScene(images: TestImages, way: Way): Promise<FaultScene> {
  // Calm: the table says what becomes of one fault at one call of a recorded run, and not of what chance adds to it.
  // The task is longer than two polls however quick the machine is; what is complete then is visible at once.
  const account = await openAccount({
    conditions: 'calm',
    ec2: { importTaskMs: 150, snapshotCompletionMs: 0, imageCreationMs: 0 },
  });
  const workDirectory = await makeWorkDirectory();
  return {
    account,
    run: ({ hangs = false } = {}) =>
      runInProcess(
        importArgs({
          account,
          workDirectory,
          url: images.url('qcow2'),
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
    async [Symbol.asyncDispose]() {
      await account[Symbol.asyncDispose]();
      await rm(workDirectory, { recursive: true, force: true });
    },
  };
}

/** Every moment of an undisturbed import, with every fault, once and lasting. */
export async function recordFaultPoints(images: TestImages, way: Way): Promise<FaultPoint[]> {
  await using scene = await openScene(images, way);
  const before = lastSequence(scene.account);
  const { exitCode, stderr } = await scene.run();
  expect(exitCode, stderr).toBe(0);
  return pointsOf(scene.account.aws.calls.list({ after: before })).flatMap((point) =>
    faultNames.flatMap((fault) => [false, true].map((lasting) => ({ ...point, fault, lasting }))),
  );
}

const lastSequence = ({ aws }: TestAccount) => aws.calls.list().at(-1)?.sequence ?? 0;

type CallPoint = Omit<FaultPoint, 'fault' | 'lasting'>;

/** The first call of each moment, and the second of those that repeat. */
function pointsOf(calls: readonly CallRecord[]): CallPoint[] {
  const seen = new Map<string, number>();
  const count = (name: string) => {
    const number = (seen.get(name) ?? 0) + 1;
    seen.set(name, number);
    return number;
  };
  return placeCalls(calls).flatMap(({ call: { operation, parameters }, moment, repeats }): CallPoint[] => {
    const { partNumber, BlockIndex } = parameters;
    // Several of these are under way at once: they have their own number in place of their order.
    const own: Readonly<Record<string, string>> | undefined =
      partNumber !== undefined ? { partNumber } : BlockIndex !== undefined ? { BlockIndex } : undefined;
    const ofOperation = count(operation);
    const ofMoment = count(moment);
    if (ofMoment > (repeats ? 2 : 1)) return [];
    const call = ofMoment === 1 ? moment : `${moment}, again`;
    return [
      own
        ? { call, moment, match: { operation, parameters: own }, nth: 1 }
        : { call, moment, match: { operation }, nth: ofOperation },
    ];
  });
}

/** The fault has struck, and in the moment that it was meant for. */
function expectStruck(
  { aws }: TestAccount,
  { moment }: FaultPoint,
  { after }: { readonly after: number },
): void {
  const calls = aws.calls.list({ after });
  const first = calls.findIndex(({ faults }) => faults !== undefined);
  expect(first, 'the fault struck').toBeGreaterThanOrEqual(0);
  expect(placeCalls(calls.slice(0, first + 1)).at(-1)?.moment).toBe(moment);
}

/**
 * Runs the import into the fault, and again without it where it failed. Whatever the fault: the result is explained, and
 * in the end there is one AMI, one snapshot, and nothing else.
 */
export async function outcomeOf(images: TestImages, way: Way, point: FaultPoint): Promise<string> {
  await using scene = await openScene(images, way);
  const { match, nth, fault, lasting } = point;
  const { faults } = scene.account.aws;
  const after = lastSequence(scene.account);
  const action = faultActions[fault];
  const rule = faults.add({
    match,
    nth,
    times: !lasting ? 1 : fault === 'access denied' ? 'always' : outageCalls,
    action,
  });
  // What has expired has expired for every call.
  if (lasting && fault === 'expired token') rule.struck.then(() => faults.add({ times: 'always', action }));
  const end = await scene.run({ hangs: fault.startsWith('hang') });
  await allCallsEnded(scene.account);
  expectStruck(scene.account, point, { after });
  faults.clear();
  const [result] = end.json<ImportDocument>().images;
  const error = result?.error ?? end.json<ImportDocument>().error;
  if (end.exitCode === 0) {
    await expectOneOfEach(scene, images, end);
    return 'recovered';
  }
  expect(error, end.stderr).toMatchObject({ code: expect.not.stringMatching(/^INTERNAL$/), hint: /./ });
  expect(end.exitCode).toBe(1);
  const left = await whatIsLeft(scene.account);
  if (result?.outcome === 'failed') expectTold(left, result.leftovers ?? []);
  const next = await scene.run();
  await expectOneOfEach(scene, images, next);
  const outcome = result?.outcome === 'partial' ? 'partial' : 'failed';
  return `${outcome} ${error!.code}; leftovers: ${left}`;
}

/** A call that hangs continues when its fault is cleared, unless its client has left: the service takes a moment to see that. */
export async function allCallsEnded({ aws }: TestAccount): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (aws.calls.list().some(({ outcome }) => outcome === 'running') && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 5));
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
