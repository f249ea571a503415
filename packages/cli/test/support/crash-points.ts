import type { CallRecord, LocalAwsOptions } from '@ec2-image/local-aws';
import { tagRecord } from '@ec2-image/provenance';
import { expect } from 'vitest';
import { openAccount, type TestAccount } from './account.ts';
import { type GatedImage, openGate } from './gated-images.ts';
import type { GatedMirror, GatedMirrorOptions } from './gated-mirror.ts';
import { startHoldingProxy } from './holding-proxy.ts';
import type { TestImages } from './images.ts';
import { areEqualDisks, type Flags, type ImportDocument, importArgs, makeWorkDirectory } from './import.ts';
import { type InProcessEnd, runInProcess } from './in-process.ts';
import { killRun, liftFaults } from './kill-run.ts';
import { type CliEnd, startCli } from './run-cli.ts';
import { answered } from './sent-parts.ts';

export type Way = 's3' | 'ebs';

/** A moment in an import: before a request of it is acted on, or after, when the answer is still to come. */
export interface CrashPoint {
  readonly server: 'image' | 'aws';
  /** Among the requests to that server, from 1. */
  readonly number: number;
  readonly when: 'before' | 'after';
  /** What the request was in the recorded run; polls may shift it by a few. */
  readonly operation: string;
}

/**
 * Of a run that is killed, and of the next one. By the default mode, which the other tests have, every call after a throttled
 * one waits: with the few that adverse conditions throttle, a run takes five times as long.
 */
export const standardRetries = { AWS_RETRY_MODE: 'standard' };

/** An account and a work directory of its own, with everything that one import needs. */
export interface CrashScene extends AsyncDisposable {
  readonly account: TestAccount;
  readonly workDirectory: string;
  readonly args: readonly string[];
  readonly proxy: Awaited<ReturnType<typeof startHoldingProxy>>;
  /** Lets a gated download come to its end. */
  openGate(): void;
  /** The same command, in this process. */
  run(): Promise<InProcessEnd>;
}

export interface SceneOptions extends Partial<LocalAwsOptions> {
  /** Of the import, beside those that every scene has. */
  readonly flags?: Flags;
  /** One of `images`, whose download waits before its end. */
  readonly gated?: GatedImage;
  readonly mirror?: Partial<GatedMirrorOptions>;
  /** Once two parts of the disk have been sent, or two blocks. Default: opens the gate. */
  readonly atGate?: (gate: GatedMirror) => void;
}

const isSending = (operation: string) => operation === 'UploadPart' || operation === 'PutSnapshotBlock';

export async function openScene(
  images: TestImages,
  way: Way,
  { flags, gated, mirror, atGate = (gate) => gate.open(), ...options }: SceneOptions = {},
): Promise<CrashScene> {
  const account = await openAccount(options);
  const gate = gated && (await openGate(images, gated, mirror));
  const proxy = await startHoldingProxy(gate ? new URL(gate.url).origin : images.server.url);
  const onProxy = (url: string) => url.replace(images.server.url, proxy.url);
  const workDirectory = await makeWorkDirectory();
  const args = importArgs({
    account,
    workDirectory,
    url: gate ? new URL(new URL(gate.url).pathname, proxy.url) : onProxy(images.url('qcow2')),
    'checksum-url': gate ? images.checksumUrl : onProxy(images.checksumUrl),
    via: way,
    // Few blocks: of zeros past the disk's end alone there would be two thousand.
    'omit-holes': way === 'ebs' || undefined,
    suffix: 'crash',
    connections: 1,
    ...flags,
  });
  const stop = account.aws.calls.subscribe(({ operation }) => {
    if (!gate || !isSending(operation) || answered(account, operation).length < 2) return;
    stop();
    atGate(gate);
  });
  return {
    account,
    workDirectory,
    args,
    proxy,
    openGate: () => gate?.open(),
    run: () => runInProcess(args, { env: standardRetries }),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await gate?.[Symbol.asyncDispose]();
      await account[Symbol.asyncDispose]();
    },
  };
}

/** Runs an import that nothing disturbs, and gives a point before and after each of its requests. */
export async function recordCrashPoints(
  images: TestImages,
  way: Way,
  options: SceneOptions = {},
): Promise<CrashPoint[]> {
  await using scene = await openScene(images, way, options);
  const before = scene.account.aws.calls.list().at(-1)?.sequence ?? 0;
  const { exitCode, stderr } = await scene.run();
  expect(exitCode, stderr).toBe(0);
  const served = Array.from({ length: scene.proxy.count }, () => 'GET');
  return [...pointsOf('image', served), ...callPoints(scene.account.aws.calls.list({ after: before }))];
}

/** Before and after each of the calls of a run. */
export function callPoints(calls: readonly CallRecord[]): CrashPoint[] {
  return pointsOf(
    'aws',
    calls.map(({ service, operation }) => `${service} ${operation}`),
  );
}

function pointsOf(server: CrashPoint['server'], operations: readonly string[]): CrashPoint[] {
  return operations.flatMap((operation, index) =>
    (['before', 'after'] as const).map((when) => ({ server, number: index + 1, when, operation })),
  );
}

/** What is killed: its account, its command line, and the proxy before the image where it reads one. */
type Killable = Pick<CrashScene, 'account' | 'args'> & Partial<Pick<CrashScene, 'proxy' | 'openGate'>>;

/** Starts the command and kills it at the point; false where it ended before it got there. */
export async function crashAt(scene: Killable, point: CrashPoint): Promise<boolean> {
  const { account, proxy, args } = scene;
  const fault =
    point.server === 'aws'
      ? account.aws.faults.add({ nth: point.number, action: { kind: 'hang', when: point.when } })
      : undefined;
  const reached = fault ? fault.struck : proxy!.hold(point.number, point.when);
  const run = startCli(args, { env: standardRetries });
  const crashed = await Promise.race([reached.then(() => true), run.ended.then(() => false)]);
  // A call is struck as it is understood; what it does before it hangs must be done when the client is gone.
  if (crashed && point.when === 'after') await waitUntil(() => isAnswered(scene, point));
  await killRun(run, account);
  await liftFaults(account);
  scene.openGate?.();
  return crashed;
}

function isAnswered({ account }: Killable, { server }: CrashPoint): boolean {
  if (server === 'image') return true;
  return account.aws.calls
    .list()
    .every(({ outcome, status }) => outcome !== 'running' || status !== undefined);
}

async function waitUntil(condition: () => boolean, limitMs = 3_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!condition() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Whatever happened before: exactly one AMI, one snapshot that holds the disk, both tagged, and nothing else. */
export async function expectOneOfEach(
  { account }: Pick<CrashScene, 'account'>,
  images: TestImages,
  end: Pick<CliEnd, 'exitCode' | 'stderr' | 'json'>,
): Promise<void> {
  expect(end.exitCode, end.stderr).toBe(0);
  const [result] = end.json<ImportDocument>().images;
  const { images: amis, snapshots, objects, uploads, tasks } = await account.contents();
  expect({ objects, uploads }).toEqual({ objects: [], uploads: [] });
  expect(amis.map(({ ImageId, State }) => [ImageId, State])).toEqual([[result!.imageId, 'available']]);
  expect(snapshots.map(({ SnapshotId, State }) => [SnapshotId, State])).toEqual([
    [result!.snapshotId, 'completed'],
  ]);
  for (const { Tags } of [amis[0]!, snapshots[0]!]) {
    expect(tagRecord(Tags)).toMatchObject({
      Name: result!.amiName,
      'ec2-image:source-digest': result!.source.digest,
      'ec2-image:proof': 'full',
    });
  }
  expect(tagRecord(amis[0]!.Tags)).toMatchObject({ automation: 'false' });
  expect(tasks.filter(({ SnapshotTaskDetail }) => SnapshotTaskDetail?.Status === 'active')).toEqual([]);
  expect(await areEqualDisks(images.disk, account.snapshotPath(result!.snapshotId!))).toBe(true);
}
