import { rm } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { CallRecord, FaultAction, FaultMatch } from '@ec2-image/local-aws';
import { tagRecord } from '@ec2-image/provenance';
import { expect } from 'vitest';
import { bucket, openAccount, type TestAccount } from '../support/account.ts';
import { expectOneOfEach, type Way } from '../support/crash-points.ts';
import type { TestImages } from '../support/images.ts';
import { type ImportDocument, importArgs, makeWorkDirectory } from '../support/import.ts';
import { type InProcessEnd, runInProcess } from '../support/in-process.ts';

const faultActions = {
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
const outageCalls = maxAttempts + 1;

/** One call of an import, struck by one fault: this once, or from here on (refusals for good, others for `outageCalls`). */
export interface FaultPoint {
  readonly call: string;
  readonly match: FaultMatch;
  /** Among the calls that match, from 1. */
  readonly nth: number;
  readonly fault: FaultName;
  readonly lasting: boolean;
}

/** Long enough for every honest answer on a busy machine; the SDK's second try mends it if not. */
const hangTimeoutSeconds = 3;

/** Polls are as many as the task takes; of calls that repeat the one before, two are enough. */
const repeatsCounted = 2;

interface FaultScene extends AsyncDisposable {
  readonly account: TestAccount;
  run(options?: { readonly hangs?: boolean }): Promise<InProcessEnd>;
}

async function openScene(images: TestImages, way: Way): Promise<FaultScene> {
  // The task outlasts a few polls however quick the machine is; what is complete then is seen to be at once.
  const account = await openAccount({
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

/** Every call that an undisturbed import makes, with every fault, passing and lasting. */
export async function recordFaultPoints(images: TestImages, way: Way): Promise<FaultPoint[]> {
  await using scene = await openScene(images, way);
  const before = scene.account.aws.calls.list().at(-1)?.sequence ?? 0;
  const { exitCode, stderr } = await scene.run();
  expect(exitCode, stderr).toBe(0);
  return numbered(scene.account.aws.calls.list({ after: before })).flatMap((call) =>
    faultNames.flatMap((fault) => [false, true].map((lasting) => ({ ...call, fault, lasting }))),
  );
}

type NumberedCall = Pick<FaultPoint, 'call' | 'match' | 'nth'>;

/** Each under a name that it has in every run: calls of one operation by their number, parts and blocks by theirs. */
function numbered(calls: readonly CallRecord[]): NumberedCall[] {
  const seen = new Map<string, number>();
  const numberOf = (name: string) => {
    const number = (seen.get(name) ?? 0) + 1;
    seen.set(name, number);
    return number;
  };
  const edges = edgesOf(calls);
  let repeats = 0;
  return calls.flatMap((record, index): NumberedCall[] => {
    const { service, operation } = record;
    const name = `${service} ${operation}`;
    const { partNumber, BlockIndex } = record.parameters;
    if (partNumber !== undefined || BlockIndex !== undefined) {
      // What is between the first block and the last is as many blocks as the disk has data.
      const which = partNumber !== undefined ? `part ${partNumber}` : edges.get(BlockIndex!);
      const parameters: Record<string, string> =
        partNumber !== undefined ? { partNumber } : { BlockIndex: BlockIndex! };
      const match = { operation, parameters };
      // A part that the converter changed after it was sent is sent again, or not: that is a matter of moments.
      return which === undefined || numberOf(`${name} ${which}`) > 1
        ? []
        : [{ call: `${name} ${which}`, match, nth: 1 }];
    }
    const nth = numberOf(name);
    const previous = calls[index - 1];
    const same =
      previous?.operation === operation && isDeepStrictEqual(previous.parameters, record.parameters);
    repeats = same ? repeats + 1 : 1;
    return repeats > repeatsCounted ? [] : [{ call: `${name} ${nth}`, match: { operation }, nth }];
  });
}

function edgesOf(calls: readonly CallRecord[]): ReadonlyMap<string, string> {
  const blocks = calls.flatMap(({ parameters }) => parameters.BlockIndex ?? []).map(Number);
  return new Map([
    [String(Math.min(...blocks)), 'first block'],
    [String(Math.max(...blocks)), 'last block'],
  ]);
}

/**
 * Runs the import into the fault, and again without it where it failed. Whatever the fault: the result is explained, and
 * in the end there is one AMI, one snapshot, and nothing else.
 */
export async function outcomeOf(images: TestImages, way: Way, point: FaultPoint): Promise<string> {
  await using scene = await openScene(images, way);
  const { match, nth, fault, lasting } = point;
  const { faults } = scene.account.aws;
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
  expect(faults.list()[0]?.struck, 'the fault struck').toBeGreaterThan(0);
  await allCallsEnded(scene.account);
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
  return `${outcome} ${error!.code}; left: ${left}`;
}

/** A call that hangs goes on when its fault is cleared, unless its client has left: the service takes a moment to see that. */
async function allCallsEnded({ aws }: TestAccount): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (aws.calls.list().some(({ outcome }) => outcome === 'running') && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Nothing is in the account that the run has not told of. A task has become a snapshot when it is looked at. */
function expectTold(left: string, told: readonly string[]): void {
  const words = told.join(', ');
  if (left.includes('upload')) expect(words).toContain('an unfinished upload of s3://');
  if (left.includes('object')) expect(words).toMatch(/(^|, )s3:\/\/|upload of s3:\/\//);
  if (left.includes('snapshot')) expect(words).toMatch(/snapshot|import task/);
  if (left.includes('AMI')) expect(words).toMatch(/AMI ami-/);
}

/** Once the tasks that still ran have ended, as they do by themselves. */
async function whatIsLeft(account: TestAccount): Promise<string> {
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
    const things = [
      counted(uploads.length, 'upload'),
      counted(objects.length, 'object'),
      counted(snapshots.length - untagged.length, 'snapshot'),
      counted(untagged.length, 'untagged snapshot'),
      counted(images.length - untaggedImages.length, 'AMI'),
      counted(untaggedImages.length, 'untagged AMI'),
    ];
    return things.filter(Boolean).join(', ') || 'nothing';
  }
}

function counted(count: number, thing: string): string {
  return count > 1 ? `${count} ${thing}s` : count === 1 ? thing : '';
}
