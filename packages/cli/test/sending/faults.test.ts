import type { FaultAction, FaultRule } from '@ec2-image/local-aws';
import { expect, test } from 'vitest';
import {
  faultActions,
  faultNames,
  hangTimeoutSeconds,
  isRefusal,
  maxAttempts,
  outageCalls,
} from '../fault-matrix/fault-points.ts';
import { expectTold, whatIsLeft } from '../fault-matrix/import-scene.ts';
import { expectOneOfEach, openScene, type SceneOptions, type Way } from '../support/crash-points.ts';
import type { GatedMirror } from '../support/gated-mirror.ts';
import { publishImages, type TestImages } from '../support/images.ts';
import type { ImportDocument } from '../support/import.ts';
import { allCallsEnded, liftFaults } from '../support/kill-run.ts';
import { isExhaustive, runSample, sampleOf } from '../support/sample.ts';
import { expectNothingWrong } from './half-done.ts';
import { gatedWays, qemuWays, type SendingWay } from './ways.ts';

/** What goes wrong once, or from a moment on, while parts are sent. */
interface Trouble {
  readonly name: string;
  readonly rule?: FaultRule;
  /** Of the server of the image, when two parts have been sent and the download waits for its last bytes. */
  readonly server?: () => Pick<SceneOptions, 'mirror' | 'atGate'> & { repair(): void };
  /** The run itself has to get over it. */
  readonly passes: boolean;
  readonly hangs?: boolean;
}

/** The second part goes out while the download waits, and so does the first block; the first part, with the head of the disk, goes last. */
const matches: Readonly<Record<Way, Readonly<Record<string, FaultRule['match']>>>> = {
  s3: {
    'starting the upload': { operation: 'CreateMultipartUpload' },
    'sending a part during the download': { operation: 'UploadPart', parameters: { partNumber: '2' } },
    'sending the head': { operation: 'UploadPart', parameters: { partNumber: '1' } },
    'completing the upload': { operation: 'CompleteMultipartUpload' },
  },
  ebs: {
    'starting the snapshot': { operation: 'StartSnapshot' },
    'writing a block during the download': { operation: 'PutSnapshotBlock' },
    'completing the snapshot': { operation: 'CompleteSnapshot' },
  },
};

const ofCalls = (via: Way): Trouble[] =>
  Object.entries(matches[via]).flatMap(([moment, match]) =>
    faultNames.flatMap((fault) =>
      [false, true].map((isLasting) => ({
        name: `${moment}: ${fault}, ${isLasting ? 'lasting' : 'once'}`,
        rule: {
          match,
          times: !isLasting ? 1 : isRefusal(fault) ? ('always' as const) : outageCalls,
          action: faultActions[fault],
        },
        passes: !isLasting && !isRefusal(fault),
        hangs: fault.startsWith('hang'),
      })),
    ),
  );

const spoilt: Readonly<Record<string, FaultAction>> = {
  'with a flipped bit': { kind: 'flip-bit' },
  truncated: { kind: 'truncate', bytes: 4096 },
  duplicated: { kind: 'duplicate' },
  'with a flipped bit that lists alone show': { kind: 'flip-bit', shows: 'lists' },
};

const ofStorage: readonly Trouble[] = Object.entries(spoilt).map(([how, action]) => ({
  name: `a part that is stored during the download ${how}`,
  rule: { match: matches.s3['sending a part during the download'], action },
  passes: true,
}));

/** From the gate on, it answers so many requests with this status, or as a file that is another now. */
function brokenServer(
  requests: number,
  { status, isOther = false }: { readonly status?: number; readonly isOther?: boolean } = {},
): Trouble['server'] {
  return () => {
    let left = 0;
    let isBroken = false;
    return {
      mirror: {
        // Asked first of each request.
        statusOf() {
          isBroken = left > 0;
          left -= 1;
          return isBroken ? status : undefined;
        },
        etagOf: () => (isBroken && isOther ? '"v2"' : '"v1"'),
        contentOf: (file) => (isBroken && isOther ? Buffer.from(file).fill(1, file.length - 2 ** 20) : file),
      },
      atGate(gate: GatedMirror) {
        left = requests;
        gate.breakOff();
        gate.open();
      },
      repair() {
        left = 0;
      },
    };
  };
}

const forGood = Number.POSITIVE_INFINITY;

const ofServer: readonly Trouble[] = [
  { name: 'the server breaks off', server: brokenServer(0), passes: true },
  {
    name: 'the server breaks off, and is out of order for two requests',
    server: brokenServer(2, { status: 503 }),
    passes: true,
  },
  {
    name: 'the file is gone from the server',
    server: brokenServer(forGood, { status: 404 }),
    passes: false,
  },
  {
    name: 'the server has another file for one request',
    server: brokenServer(1, { isOther: true }),
    passes: true,
  },
  {
    name: 'the server has another file from now on',
    server: brokenServer(forGood, { isOther: true }),
    passes: false,
  },
];

async function surviveTrouble(images: TestImages, way: SendingWay, trouble: Trouble): Promise<void> {
  const { rule, passes, hangs } = trouble;
  const { repair, ...server } = trouble.server?.() ?? { repair() {} };
  const flags = {
    ...way.flags,
    'max-attempts': maxAttempts,
    'request-timeout': hangs ? hangTimeoutSeconds : undefined,
  };
  // Calm: one trouble at a time, which chance adds nothing to.
  await using scene = await openScene(images, way.via, {
    ...{ gated: way.gated, flags, conditions: 'calm' },
    ...server,
  });
  const { account } = scene;
  const struck = rule && account.aws.faults.add(rule).struck;
  const end = await scene.run();
  await allCallsEnded(account);
  await struck;
  await liftFaults(account);
  repair();
  scene.openGate();
  await expectNothingWrong(scene, images);
  if (passes) expect(end.exitCode, end.stderr).toBe(0);
  if (end.exitCode === 0) return await expectOneOfEach(scene, images, end);
  const [result] = end.json<ImportDocument>().images;
  expect(result?.error, end.stderr).toMatchObject({
    code: expect.not.stringMatching(/^INTERNAL$/),
    hint: /./,
  });
  expectTold(await whatIsLeft(account), result!.leftovers ?? []);
  await expectOneOfEach(scene, images, await scene.run());
}

/** What EBS stores is what was sent: it takes each block by its SHA-256. */
const troublesOf = ({ via, gated }: SendingWay): Trouble[] => [
  ...ofCalls(via),
  ...(via === 's3' ? ofStorage : []),
  ...(gated ? ofServer : []),
];

test.for(sampleOf<SendingWay>([...gatedWays, ...qemuWays], 1))(
  'a disk that is sent $name: what goes wrong meanwhile leaves nothing wrong, and is survived by this run or the next',
  { timeout: isExhaustive ? 3_600_000 : 300_000 },
  async (way) => {
    await using images = await publishImages([way.format], way.disk);
    const troubles = troublesOf(way);
    const { done, failures, seed } = await runSample(
      troubles,
      (trouble) => surviveTrouble(images, way, trouble),
      { size: 2 },
    );
    console.log(`faults, ${way.name}: ${done} of ${troubles.length}, seed ${seed}`);
    expect(failures.map(({ point, message }) => `${point.name}: ${message}`)).toEqual([]);
  },
);
