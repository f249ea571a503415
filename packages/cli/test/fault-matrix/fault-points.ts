import type { CallRecord, FaultAction, FaultMatch } from '@ec2-image/local-aws';
import { expect } from 'vitest';
import type { TestAccount } from '../support/account.ts';
import type { ImportDocument } from '../support/import.ts';
import type { InProcessEnd } from '../support/in-process.ts';
import { allCallsEnded, liftFaults } from '../support/kill-run.ts';
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

/** An account of its own, and what a matrix strikes in it. */
export interface FaultScene extends AsyncDisposable {
  readonly account: TestAccount;
  run(options?: { readonly hangs?: boolean }): Promise<InProcessEnd>;
  /** Whatever happened before: what is there once a run has ended well. */
  expectDone(end: InProcessEnd): Promise<void>;
  /** In words, what is there beyond that after a run that has failed, which has told of all of it. */
  leftoversOf(end: InProcessEnd): Promise<string>;
}

export type OpenScene = () => Promise<FaultScene>;

/** Every moment of a run that nothing disturbs, with every fault, once and lasting. */
export async function recordFaultPoints(openScene: OpenScene): Promise<FaultPoint[]> {
  await using scene = await openScene();
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
 * Runs the command into the fault, and again without it where it failed. Whatever the fault: the result is explained, and
 * in the end all is as after a run that nothing has disturbed.
 */
export async function outcomeOf(openScene: OpenScene, point: FaultPoint): Promise<string> {
  await using scene = await openScene();
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
  await liftFaults(scene.account);
  const [result] = end.json<ImportDocument>().images;
  const error = result?.error ?? end.json<ImportDocument>().error;
  if (end.exitCode === 0) {
    await scene.expectDone(end);
    return 'recovered';
  }
  expect(error, end.stderr).toMatchObject({ code: expect.not.stringMatching(/^INTERNAL$/), hint: /./ });
  expect(end.exitCode).toBe(1);
  const leftovers = await scene.leftoversOf(end);
  await scene.expectDone(await scene.run());
  const outcome = result?.outcome === 'partial' ? 'partial' : 'failed';
  return `${outcome} ${error!.code}; leftovers: ${leftovers}`;
}
