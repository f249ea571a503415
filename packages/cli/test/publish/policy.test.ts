import { EnableImageDeregistrationProtectionCommand, ModifyImageAttributeCommand } from '@aws-sdk/client-ec2';
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { seedEc2 } from '@ec2-image/local-aws';
import { copyOfKey } from '@ec2-image/provenance';
import { describe, expect, test, vi } from 'vitest';
import { volumeKeyActions } from '../../src/iam/import-permissions.ts';
import { createPolicy, permissionTable } from '../../src/iam/policy-document.ts';
import { region, type TestAccount } from '../support/account.ts';
import { isExhaustive, runSample, sampleOf } from '../support/sample.ts';
import { amiName, imageId, openPublishScene, otherRegion } from './scene.ts';

/** Somebody with the policy of the command and nothing else. */
const limited = { accessKeyId: 'AKIALIMITED', secretAccessKey: 'a secret of their own' };

type Settings = Readonly<Record<string, unknown>>;

/** One thing that publishing does, and the actions that it cannot do it without. */
interface Scenario {
  readonly name: string;
  readonly needs: readonly string[];
  readonly settings?: Settings;
  readonly quotas?: { readonly publicImages: number };
  /** With the whole policy. Default 0. */
  readonly exitCode?: number;
  prepare?(account: TestAccount): Promise<unknown>;
}

const keyAlias = 'alias/images';
const forEverybody = { share: { public: true } };

const scenarios: readonly Scenario[] = [
  {
    name: 'a copy, shared, deprecated, protected and announced',
    needs: [
      ...['ec2:CopyImage', 'ec2:CreateTags', 'ec2:DescribeImageAttribute', 'ec2:DescribeImages'],
      ...['ec2:DescribeRegions', 'ec2:DescribeSnapshotAttribute'],
      ...['ec2:EnableImageDeprecation', 'ec2:EnableImageDeregistrationProtection'],
      ...['ec2:GetEbsDefaultKmsKeyId', 'ec2:GetEbsEncryptionByDefault', 'ec2:ModifyImageAttribute'],
      ...['ec2:ModifySnapshotAttribute', 'ssm:GetParameters', 'ssm:PutParameter'],
    ],
  },
  {
    name: 'a public AMI',
    needs: ['ec2:GetImageBlockPublicAccessState', 'ec2:GetSnapshotBlockPublicAccessState'],
    settings: forEverybody,
  },
  {
    name: 'a public AMI too many',
    needs: ['servicequotas:GetServiceQuota'],
    settings: forEverybody,
    quotas: { publicImages: 1 },
    exitCode: 1,
    async prepare({ directory, ec2 }) {
      const ImageId = `ami-${'9'.padStart(17, '0')}`;
      seedEc2({ directory, images: [{ id: ImageId, name: 'open', snapshotIds: [] }] });
      const LaunchPermission = { Add: [{ Group: 'all' as const }] };
      await ec2.send(new ModifyImageAttributeCommand({ ImageId, LaunchPermission }));
    },
  },
  {
    name: 'an AMI that is not protected any more',
    needs: ['ec2:DisableImageDeregistrationProtection'],
    settings: { 'deregistration-protection': 'disabled' },
    prepare: ({ ec2 }) => ec2.send(new EnableImageDeregistrationProtectionCommand({ ImageId: imageId })),
  },
  {
    name: 'a copy that has failed',
    needs: ['ec2:DeleteSnapshot', 'ec2:DeregisterImage'],
    async prepare({ directory }) {
      const snapshot = `snap-${'9'.padStart(17, '0')}`;
      const failed = {
        ...({ name: amiName, state: 'failed', snapshotIds: [snapshot], sourceImageId: imageId } as const),
        sourceImageRegion: region,
        tags: { [copyOfKey]: `${imageId} ${otherRegion}` },
      };
      seedEc2({
        directory,
        region: otherRegion,
        snapshots: [{ id: snapshot, state: 'error' }],
        images: [failed],
      });
    },
  },
  {
    name: 'a copy that is encrypted with a key',
    needs: [...volumeKeyActions, 'ec2:DescribeSnapshots'],
    settings: { encrypt: true, 'kms-key': keyAlias },
    async prepare({ client }) {
      const kms = client(KMSClient, { region: otherRegion });
      const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
      await kms.send(new CreateAliasCommand({ AliasName: keyAlias, TargetKeyId: KeyMetadata!.Arn }));
    },
  },
];

interface Statement {
  readonly Action: readonly string[];
}

const policy = createPolicy(['publish'], {
  ...{ regions: [region, otherRegion], buckets: [], keyPrefixes: [], account: '123456789012' },
  snapshotKeys: [keyAlias],
});

function policyWithout(action: string | undefined): object {
  const statements = (policy.Statement as readonly Statement[])
    .map((statement) => ({ ...statement, Action: statement.Action.filter((one) => one !== action) }))
    .filter(({ Action }) => Action.length > 0);
  return { ...policy, Statement: statements };
}

/** How it ends, and which of its lines speak of a failure: ids and times differ in every run. */
async function publish({ settings, quotas, prepare }: Scenario, { without }: { without?: string } = {}) {
  await using scene = await openPublishScene({
    // Calm: two runs are compared, and differ in nothing but the policy.
    conditions: 'calm',
    credentials: [{ ...limited, userName: 'limited', policies: [policyWithout(without)] }],
    settings,
    ...(quotas && { quotas }),
  });
  await prepare?.(scene.account);
  vi.stubEnv('AWS_ACCESS_KEY_ID', limited.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', limited.secretAccessKey);
  try {
    const { exitCode, stdout, stderr } = await scene.run('--max-attempts', '1', '--outage-timeout', '2');
    const failures = `${stderr}\n${stdout}`
      .split('\n')
      .filter((line) => /denied|not authorized|may not|cannot|could not|failed|"error"/i.test(line));
    return { exitCode, said: failures.join('\n').replace(/[0-9a-f]{8,}|\d+/g, '#') };
  } finally {
    vi.unstubAllEnvs();
  }
}

describe('under exactly its policy it publishes', () => {
  test.each(sampleOf(scenarios, 2).map((scenario) => [scenario.name, scenario] as const))(
    '%s',
    async (_name, scenario) => {
      const { exitCode, said } = await publish(scenario);
      expect([exitCode, said]).toEqual([
        scenario.exitCode ?? 0,
        expect.not.stringMatching(/denied|not authorized|may not call/i),
      ]);
    },
  );
});

test('every action has a scenario that it matters in', () => {
  const needed = scenarios.flatMap(({ needs }) => needs);
  const allowed = permissionTable.publish.flatMap(({ actions }) => actions);
  expect([...new Set(needed)].sort()).toEqual([...new Set(allowed)].sort());
});

test(
  'without any one action it fails, or says what it cannot do',
  async () => {
    const points = scenarios.flatMap((scenario) => scenario.needs.map((action) => ({ scenario, action })));
    const { done, failures, seed } = await runSample(
      points,
      async ({ scenario, action }) => {
        const [whole, less] = [await publish(scenario), await publish(scenario, { without: action })];
        expect(less, `${scenario.name} without ${action}`).not.toEqual(whole);
      },
      // One at a time: who signs is a variable of the process.
      { size: 1, sideBySide: 1 },
    );
    process.stdout.write(`${done} of ${points.length} actions taken away; EC2_IMAGE_SEED=${seed}\n`);
    expect(failures.map(({ message }) => message.split('\n')[0])).toEqual([]);
    if (isExhaustive) expect(done).toBe(points.length);
  },
  isExhaustive ? 600_000 : 60_000,
);
