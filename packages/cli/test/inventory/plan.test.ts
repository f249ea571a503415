import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DeregisterImageCommand,
  DescribeSnapshotsCommand,
  DisableImageCommand,
} from '@aws-sdk/client-ec2';
import { type CallRecord, seedEc2 } from '@ec2-image/local-aws';
import { type Digest, objectKey, provenanceTags } from '@ec2-image/provenance';
import type { ImagePlan } from '../../src/pipeline/plan/planned.ts';
import { bucket, type TestAccount } from '../support/account.ts';
import { describe, expect, type ImportEnd, testWith } from '../support/fixtures.ts';
import type { Flags } from '../support/import.ts';
import { type InProcessEnd, runInProcess } from '../support/in-process.ts';
import { sampleOf, sampleSeed } from '../support/sample.ts';

const test = testWith({
  disk: { sizeBytes: 8 * 2 ** 20, dataBytes: 1024, boot: { bios: true } },
  account: { conditions: 'adverse' },
  flags: { suffix: 'one', 'keep-files': true },
}).extend(
  'runPlan',
  ({ account, argsOf }) =>
    async (flags?: Flags): Promise<InProcessEnd & { readonly plan: ImagePlan }> => {
      const after = account.aws.calls.list().at(-1)?.sequence ?? 0;
      const [, ...args] = argsOf(flags);
      const end = await runInProcess(['plan', ...args]);
      expect(changesAfter(account, after)).toEqual([]);
      return { ...end, plan: end.json<{ plan: { images: ImagePlan[] } }>().plan.images[0]! };
    },
);

function changesAfter({ aws }: TestAccount, after: number): CallRecord[] {
  return aws.calls.list({ after }).filter(({ mutating, met }) => mutating && met !== 'throttled');
}

interface State {
  readonly account: TestAccount;
  readonly runImport: (flags?: Flags) => Promise<ImportEnd>;
}

/** An import that ends where this call is denied, as an outage or a missing permission ends one. */
const stoppedAt =
  (operation: string) =>
  async ({ account, runImport }: State) => {
    const fault = account.aws.faults.add({
      match: { operation },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    expect((await runImport({ 'max-attempts': 2, 'outage-timeout': 1 })).result.outcome).not.toBe('imported');
    fault.remove();
  };

const imported =
  (
    change: (state: State & { imageId: string; snapshotId: string }) => Promise<unknown> = async () => {},
    flags?: Flags,
  ) =>
  async (state: State) => {
    const { result } = await state.runImport(flags);
    expect(result.outcome).toBe('imported');
    await change({ ...state, imageId: result.imageId!, snapshotId: result.snapshotId! });
  };

const deregistered = async ({ account, imageId }: { account: TestAccount; imageId: string }) =>
  account.ec2.send(new DeregisterImageCommand({ ImageId: imageId }));

/** Few blocks: of zeros alone there would be two thousand. */
const byEbs: Flags = { via: 'ebs', bucket: undefined, 'omit-holes': true };

const proofTag = [{ Key: 'ec2-image:proof' }];

/** A copy, an end and parameters. */
const published: Flags = {
  regions: 'eu-west-1',
  'deprecate-after': '90d',
  'ssm-parameter': '/images/{name}/{suffix}',
  'ssm-latest': '/images/{name}/latest',
};

/** What an account may hold before a run, and the flags of the run. */
const states: readonly (readonly [
  name: string,
  prepare: (state: State) => Promise<unknown>,
  flags?: Flags,
])[] = [
  ['nothing', async () => {}],
  ['nothing, by way of ebs', async () => {}, byEbs],
  ['nothing, without a proof', async () => {}, { proof: 'none' }],
  ['the AMI', imported()],
  ['the AMI, by way of ebs', imported(undefined, byEbs), byEbs],
  ['the AMI, and another description is wanted', imported(), { description: 'another' }],
  ['the AMI, and another tag is wanted', imported(), { tag: 'team=images' }],
  ['the AMI, and a new one is wanted', imported(), { fresh: true, replace: true }],
  ['the AMI, and it is to be verified', imported(), { verify: true }],
  [
    'the AMI without some of its tags',
    imported(({ account, imageId }) =>
      account.ec2.send(new DeleteTagsCommand({ Resources: [imageId], Tags: [{ Key: 'automation' }] })),
    ),
  ],
  [
    'the AMI, not proven',
    imported(({ account, imageId, snapshotId }) =>
      account.ec2.send(new DeleteTagsCommand({ Resources: [imageId, snapshotId], Tags: proofTag })),
    ),
  ],
  [
    'the AMI, disabled',
    imported(({ account, imageId }) => account.ec2.send(new DisableImageCommand({ ImageId: imageId }))),
  ],
  ['nothing, to be published', async () => {}, published],
  ['the AMI, to be published', imported(), published],
  // These accounts encrypt by default, with a key that nobody can share.
  ['the AMI, to be shared', imported(), { share: JSON.stringify({ accounts: ['111122223333'] }) }],
  ['the AMI, published', imported(undefined, published), published],
  ['the snapshot', imported(deregistered)],
  [
    'the snapshot, not proven',
    imported(async (state) => {
      await deregistered(state);
      const { account, snapshotId } = state;
      await account.ec2.send(new DeleteTagsCommand({ Resources: [snapshotId], Tags: proofTag }));
    }),
  ],
  ['the object', stoppedAt('ImportSnapshot')],
  ['the download', stoppedAt('CreateMultipartUpload')],
  ['a part of the upload', stoppedAt('CompleteMultipartUpload')],
  [
    'the AMI of another image by that name',
    imported(({ account, imageId, snapshotId }) =>
      account.ec2.send(
        new CreateTagsCommand({
          Resources: [imageId, snapshotId],
          Tags: [{ Key: 'ec2-image:source-digest', Value: `sha256:${'0'.repeat(64)}` }],
        }),
      ),
    ),
  ],
  [
    "somebody's AMI by that name",
    async ({ account }) =>
      seedEc2({ directory: account.directory, images: [{ name: 'test-cloud-ione', snapshotIds: [] }] }),
  ],
];

/** Which step a call belongs to. Cleaning up, and the tags of what is made, belong to those that made it. */
const steps: Readonly<Record<string, string>> = {
  CreateMultipartUpload: 'make upload',
  // All that is left of one whose parts are there.
  CompleteMultipartUpload: 'make upload',
  ImportSnapshot: 'make import',
  StartSnapshot: 'make import',
  RegisterImage: 'make register',
  DeregisterImage: 'remove register',
  CopyImage: 'make copy',
  ModifySnapshotAttribute: 'make share',
  EnableImageDeprecation: 'make deprecate',
  PutParameter: 'make announce',
};

function stepOf({ operation, parameters }: CallRecord): string | undefined {
  if (operation !== 'ModifyImageAttribute') return steps[operation];
  const shares = Object.keys(parameters).some((name) => name.startsWith('LaunchPermission'));
  return shares ? 'make share' : 'change register';
}

const allSteps = new Set([...Object.values(steps), 'change register']);

describe('what plan says is what import then does', () => {
  process.stdout.write(
    `plans of some of ${states.length} states of an account; EC2_IMAGE_SEED=${sampleSeed}\n`,
  );
  test.for(sampleOf(states, 4))(
    '%s',
    { timeout: 60_000 },
    async ([, prepare, flags], { account, runImport, runPlan }) => {
      await prepare({ account, runImport });
      const { plan, exitCode } = await runPlan(flags);
      const after = account.aws.calls.list().at(-1)?.sequence ?? 0;
      const { result, stderr } = await runImport(flags);
      const made = changesAfter(account, after);
      const calls = made.map(({ operation }) => operation);
      const story = JSON.stringify({ plan, calls, result: result.error }, null, 1) + stderr;

      if (plan.outcome === 'blocked') {
        expect(exitCode, story).toBe(1);
        expect(result.error?.code, story).toBe(plan.error?.code);
        expect(calls, story).toEqual([]);
        return;
      }
      expect(result.error, story).toBeUndefined();
      expect(exitCode, story).toBe(plan.outcome === 'nothing' ? 0 : 3);
      expect(plan.amiName, story).toBe(result.amiName);

      const planned = new Set(plan.steps.map(({ step, action }) => `${action} ${step}`));
      const calledFor = new Set(made.flatMap((call) => stepOf(call) ?? []));

      expect(new Set([...planned].filter((step) => allSteps.has(step))), story).toEqual(calledFor);
      const writesTagsOnly = !calledFor.has('make register') && calls.includes('CreateTags');
      expect(planned.has('change tag'), story).toBe(writesTagsOnly);

      // What the import tells of its own steps.
      const done = (step: string) => result.steps.find((report) => report.step === step)!;
      for (const step of ['download', 'upload', 'import', 'prove', 'register']) {
        const expected = planned.has(`make ${step}`)
          ? 'done'
          : planned.has(`reuse ${step}`)
            ? 'reused'
            : 'skipped';
        const kept = plan.steps.find((planned) => planned.step === step)?.keptBytes;
        // How many parts a disk has is not known before it is made: they may all be there.
        if (step === 'upload' && kept !== undefined)
          expect(['done', 'reused'], story).toContain(done(step).outcome);
        else expect([step, done(step).outcome], story).toEqual([step, expected]);
      }
      const bytes = plan.steps.find(({ step }) => step === 'download')?.bytes;
      expect(bytes ?? 0, story).toBe(done('download').bytes ?? 0);
      if (plan.imageId !== null && !planned.has('make register')) expect(plan.imageId).toBe(result.imageId);
      const isRead = result.snapshotId !== null && plan.snapshotId !== null;
      if (isRead) expect(plan.snapshotId).toBe(result.snapshotId);

      // Then all is there.
      const again = await runPlan({ ...flags, fresh: undefined, replace: undefined, verify: undefined });
      expect([again.exitCode, again.plan.outcome], JSON.stringify(again.plan)).toEqual([0, 'nothing']);
    },
  );
});

test('an AMI that EC2 protects stands in the way of --replace, for plan and import alike, before anything is made', {
  timeout: 240_000,
}, async ({ account, runImport, runPlan }) => {
  const protecting = await runImport({ ...byEbs, 'deregistration-protection': 'enabled-without-cooldown' });
  expect(protecting.exitCode, protecting.stderr).toBe(0);
  const flags = { ...byEbs, fresh: true, replace: true };
  const whyBlocked = async () => (await runPlan(flags)).plan.error?.code;
  // The protection may show a few reads later.
  await expect.poll(whyBlocked, { timeout: 30_000 }).toBe('AMI_PROTECTED');
  const after = account.aws.calls.list().at(-1)!.sequence;
  const { result } = await runImport(flags);
  expect([result.error?.code, result.outcome]).toEqual(['AMI_PROTECTED', 'failed']);
  expect(changesAfter(account, after)).toEqual([]);
});

test('import --dry-run prints the same plan, and people read it', async ({ account, argsOf, runPlan }) => {
  const { plan } = await runPlan();
  const dry = await runInProcess(argsOf({ 'dry-run': true }));
  expect([dry.exitCode, dry.json<{ plan: { images: unknown[] } }>().plan.images[0]]).toEqual([3, plan]);
  const { stdout } = await runInProcess(argsOf({ 'dry-run': true, json: undefined }));
  expect(stdout).toContain('test-cloud: test-cloud-ione (x86_64) in us-east-1');
  expect(stdout).toMatch(/make +download +download the image \(.* [KM]iB\)/);
  expect(stdout).toMatch(/0 of 1 image has nothing to do; .* to download/);
  const { Snapshots } = await account.ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
  expect(Snapshots).toEqual([]);
  expect((await runInProcess(argsOf({ 'dry-run': true, json: undefined, quiet: true }))).stdout).toBe(
    'test-cloud\n',
  );
});

test('what an earlier run has sent is told: the import does not send it again', async ({
  account,
  runImport,
  runPlan,
}) => {
  // Of the disk's size, whatever the converter.
  const raw: Flags = { format: 'raw' };
  const stop = stoppedAt('CompleteMultipartUpload');
  await stop({ account, runImport: (flags) => runImport({ ...flags, ...raw }) });
  const sent = account.calls('UploadPart').length;
  const upload = (await runPlan(raw)).plan.steps.find(({ step }) => step === 'upload');
  expect(upload).toMatchObject({ action: 'make', keptBytes: 8 * 2 ** 20 });
  expect(upload!.what).toContain('1 part of it is there');
  expect((await runImport(raw)).result.outcome).toBe('imported');
  expect(account.calls('UploadPart').length).toBe(sent);
});

test('import waits for a task that an earlier run started', async ({ account, runPlan }) => {
  const digest = (await runPlan()).plan.source.digest as Digest;
  const key = objectKey({ prefix: 'ec2-image/', amiName: 'test-cloud-ione', digest, format: 'vhdx' });
  const tags = {
    Name: 'test-cloud-ione',
    ...provenanceTags({
      sourceUrl: 'https://example.org/',
      digest,
      diskFormat: 'vhdx',
      version: '0.1.0',
    }),
  };
  seedEc2({ directory: account.directory, importTasks: [{ bucket, key, status: 'active', tags }] });
  const { plan, exitCode } = await runPlan();
  expect(exitCode).toBe(3);
  expect(plan.steps.map(({ step, action }) => `${action} ${step}`)).toEqual([
    'make download',
    'wait import',
    'make prove',
    'make register',
  ]);
  expect(plan.steps[1]!.what).toMatch(/^import task import-snap-\w+ is running/);

  const own = async (suffix: string) =>
    (await runPlan({ suffix, 'own-snapshot': true })).plan.steps.map(({ what }) => what).join('\n');
  expect(await own('one')).not.toContain('copy');
  expect(await own('two')).toMatch(/copy the snapshot of import-snap-\w+, unless test-cloud-ione leaves it/);
});
