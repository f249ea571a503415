import { CreateLaunchConfigurationCommand } from '@aws-sdk/client-auto-scaling';
import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  DisableImageBlockPublicAccessCommand,
  EnableImageDeprecationCommand,
  EnableImageDeregistrationProtectionCommand,
  type LaunchPermission,
  LockSnapshotCommand,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { describe, expect } from 'vitest';
import { it, type JanitorAccount, region, results, verdicts } from '../support/account.ts';
import { amiName, id, ourImageTags, ourTags, seedPair } from '../support/resources.ts';

const [ami, olderAmi] = [id('ami', 1), id('ami', 2)];
const [snap, otherSnap] = [id('snap', 1), id('snap', 2)];

let changes: () => string[];

const old = (account: JanitorAccount) => ({ createdAt: account.hoursAgo(100) });
const imageIds = async (account: JanitorAccount) => {
  const { Images } = await account.observer.ec2.send(
    new DescribeImagesCommand({ Owners: ['self'], IncludeDisabled: true, IncludeDeprecated: true }),
  );
  return Images!.map(({ ImageId }) => ImageId).sort();
};
const snapshotIds = async (account: JanitorAccount) => {
  const { Snapshots } = await account.observer.ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
  return Snapshots!.map(({ SnapshotId }) => SnapshotId).sort();
};

describe('snapshots', () => {
  it('16: a recent complete snapshot, no AMI yet: keeps it, suggests `import`', async ({ account }) => {
    account.seed({ snapshots: [{ id: snap, createdAt: account.hoursAgo(2), tags: ourTags() }] });
    changes = account.watch();
    const { plan } = await account.clean();
    expect(plan.resources).toMatchObject([
      {
        id: snap,
        code: 'too-recent',
        suggestion: expect.arrayContaining([
          'import',
          '--name',
          'fedora',
          '--ami-name',
          'fedora-i43',
          '--sha256',
        ]),
      },
    ]);
    expect(changes()).toEqual([]);
  });

  it('16: and between the minimum age and twice that still', async ({ account }) => {
    account.seed({ snapshots: [{ id: snap, createdAt: account.hoursAgo(30), tags: ourTags() }] });
    expect((await account.find()).resources).toMatchObject([
      { code: 'resumable', suggestion: expect.arrayContaining(['import']) },
    ]);
  });

  it.for(['disabled', 'deprecated'])('17: a snapshot in a %s AMI: keeps it', async (state, { account }) => {
    account.seed({
      snapshots: [{ id: snap, ...old(account), tags: ourTags() }],
      images: [
        {
          id: ami,
          ...old(account),
          name: amiName,
          snapshotIds: [snap],
          tags: ourImageTags(),
          ...(state === 'disabled' && { state }),
        },
      ],
    });
    if (state === 'deprecated') {
      const DeprecateAt = new Date(Date.now() + 60_000);
      await account.observer.ec2.send(new EnableImageDeprecationCommand({ ImageId: ami, DeprecateAt }));
      await account.at(Date.now() + 120_000, () => keeps());
    } else await keeps();

    async function keeps() {
      changes = account.watch();
      const { plan } = await account.clean();
      expect(verdicts(plan)).toEqual([`${ami} keep healthy`, `${snap} keep in-use`]);
      expect(changes()).toEqual([]);
    }
  });

  it('18: a snapshot shared by two AMIs: keeps it', async ({ account }) => {
    account.seed({
      snapshots: [{ id: snap, ...old(account), tags: ourTags() }],
      images: [
        {
          id: ami,
          ...old(account),
          name: 'fedora-i44',
          snapshotIds: [snap],
          tags: ourImageTags('fedora-i44'),
        },
        {
          id: olderAmi,
          ...old(account),
          name: amiName,
          snapshotIds: [snap],
          tags: ourImageTags(),
          state: 'failed',
        },
      ],
    });
    changes = account.watch();
    const { plan, outcomes } = await account.clean();
    expect(verdicts(plan)).toEqual([`${ami} keep healthy`, `${olderAmi} delete`, `${snap} keep in-use`]);
    expect(results(outcomes)).toEqual([`${olderAmi} deleted`]);
    expect(plan.resources[2]?.dependents.toSorted()).toEqual([ami, olderAmi]);
    expect(changes()).toEqual([`DeregisterImage ${olderAmi}`]);
  });

  it.for<[string, Record<string, string>]>([
    ['of AWS Backup', { 'aws:backup:source-resource': 'arn:aws:ec2:x' }],
    ['of a lifecycle policy', { 'aws:dlm:lifecycle-policy-id': 'policy-1' }],
    ['of a lifecycle policy, as its other tag says', { 'dlm:managed': 'true' }],
  ])('19: a snapshot %s: keeps it, with the reason', async ([_, extra], { account }) => {
    account.seed({ snapshots: [{ id: snap, ...old(account), tags: { ...ourTags(), ...extra } }] });
    changes = account.watch();
    const { plan } = await account.clean();
    expect(plan.resources).toMatchObject([
      { code: 'protected', reason: `managed by an AWS service (tag ${Object.keys(extra)[0]})` },
    ]);
    expect(changes()).toEqual([]);
  });

  it('19: a locked snapshot: keeps it, with the reason', async ({ account }) => {
    account.seed({ snapshots: [{ id: snap, ...old(account), tags: ourTags() }] });
    await account.observer.ec2.send(
      new LockSnapshotCommand({ SnapshotId: snap, LockMode: 'governance', LockDuration: 1 }),
    );
    changes = account.watch();
    const { plan } = await account.clean();
    expect(plan.resources).toMatchObject([{ code: 'protected', reason: 'snapshot lock (governance)' }]);
    expect(changes()).toEqual([]);
  });

  it('keeps a snapshot that is shared with another account', async ({ account }) => {
    account.seed({ snapshots: [{ id: snap, ...old(account), tags: ourTags() }] });
    await account.observer.ec2.send(
      new ModifySnapshotAttributeCommand({
        SnapshotId: snap,
        Attribute: 'createVolumePermission',
        OperationType: 'add',
        UserIds: ['210987654321'],
      }),
    );
    changes = account.watch();
    const { plan } = await account.clean();
    expect(plan.resources).toMatchObject([{ code: 'shared', reason: 'shared with 210987654321' }]);
    expect(changes()).toEqual([]);
  });
});

describe('AMIs', () => {
  it('20: a failed AMI created by ec2-image: deregisters it, then deletes each of its snapshots', async ({
    account,
  }) => {
    account.seed({
      snapshots: [
        { id: snap, ...old(account), tags: ourTags() },
        { id: otherSnap, ...old(account), tags: ourTags() },
      ],
      images: [
        {
          id: ami,
          ...old(account),
          name: amiName,
          snapshotIds: [snap, otherSnap],
          tags: ourImageTags(),
          state: 'failed',
        },
      ],
    });
    changes = account.watch();
    const { plan, outcomes } = await account.clean();
    expect(plan.resources.map(({ verdict }) => verdict)).toEqual(['delete', 'delete', 'delete']);
    // A snapshot that still counts as in use is tried again after the others.
    expect(results(outcomes).sort()).toEqual([`${ami} deleted`, `${snap} deleted`, `${otherSnap} deleted`]);
    expect(changes()[0]).toBe(`DeregisterImage ${ami}`);
    expect(changes().slice(1).sort()).toEqual([`DeleteSnapshot ${snap}`, `DeleteSnapshot ${otherSnap}`]);
    expect([await imageIds(account), await snapshotIds(account)]).toEqual([[], []]);
  });

  it('21: a pending AMI: keeps it', async ({ account }) => {
    account.seed({
      snapshots: [{ id: snap, ...old(account), tags: ourTags() }],
      images: [
        {
          id: ami,
          ...old(account),
          name: amiName,
          snapshotIds: [snap],
          tags: ourImageTags(),
          state: 'pending',
        },
      ],
    });
    changes = account.watch();
    const { plan } = await account.clean();
    expect(verdicts(plan)).toEqual([`${ami} keep live`, `${snap} keep in-use`]);
    expect(changes()).toEqual([]);
  });

  it('22: a healthy AMI without its tags: suggests `tag-fix`', async ({ account }) => {
    account.seed({
      snapshots: [{ id: snap, ...old(account), tags: ourTags() }],
      images: [{ id: ami, ...old(account), name: amiName, snapshotIds: [snap] }],
    });
    changes = account.watch();
    const { plan } = await account.clean();
    expect(plan.resources[0]).toMatchObject({
      id: ami,
      code: 'lacks-tags',
      suggestion: ['tag-fix', ami, '--region', 'us-east-1'],
    });
    expect(changes()).toEqual([]);
  });
});

describe('healthy AMIs that were asked for', () => {
  const superseded = { superseded: true };
  const keptAll = async (account: JanitorAccount, policy: object, code: string, reason: RegExp) => {
    changes = account.watch();
    const { plan } = await account.clean(policy);
    expect(plan.resources.filter(({ verdict }) => verdict !== 'keep')).toEqual([]);
    expect(plan.resources.find((resource) => resource.id === olderAmi)).toMatchObject({
      code,
      reason: expect.stringMatching(reason),
    });
    expect(changes()).toEqual([]);
    return plan;
  };

  it('41: `--superseded --now`: an unused older AMI created by ec2-image beside a newer healthy one: deregisters it, deletes its snapshots', async ({
    account,
  }) => {
    seedPair(account);
    changes = account.watch();
    const { plan, outcomes } = await account.clean({ ...superseded, deregisterNow: true });
    expect(plan.resources.find((resource) => resource.id === olderAmi)).toMatchObject({
      proof: expect.stringContaining(`is superseded by ${ami}`),
    });
    expect(results(outcomes)).toEqual([`${olderAmi} deleted`, `${otherSnap} deleted`]);
    expect(changes().filter((change) => !change.startsWith('CreateTags'))).toEqual([
      `DisableImage ${olderAmi}`,
      `DeregisterImage ${olderAmi}`,
      `DeleteSnapshot ${otherSnap}`,
    ]);
    expect([await imageIds(account), await snapshotIds(account)]).toEqual([[ami], [snap]]);
  });

  it.for<[string, LaunchPermission, string, RegExp]>([
    ['public', { Group: 'all' }, 'shared', /public|all/],
    ['shared with an account', { UserId: '210987654321' }, 'shared', /210987654321/],
    [
      'shared with an organisation',
      { OrganizationArn: 'arn:aws:organizations::210987654321:organization/o-123example' },
      'shared',
      /o-123example/,
    ],
  ])('25: `--ami`: one that is %s: keeps it', async ([_, permission, code, reason], { account }) => {
    seedPair(account);
    await account.observer.ec2.send(new DisableImageBlockPublicAccessCommand({}));
    await account.observer.ec2.send(
      new ModifyImageAttributeCommand({ ImageId: olderAmi, LaunchPermission: { Add: [permission] } }),
    );
    await keptAll(account, { amis: [olderAmi] }, code, reason);
  });

  it('26: `--ami`: a deregistration-protected AMI: keeps it', async ({ account }) => {
    seedPair(account);
    await account.observer.ec2.send(
      new EnableImageDeregistrationProtectionCommand({ ImageId: olderAmi, WithCooldown: true }),
    );
    await keptAll(account, { amis: [olderAmi] }, 'protected', /enabled-with-cooldown/);
  });

  it('23: `--superseded`: an AMI that a stopped instance came from: keeps it', async ({ account }) => {
    seedPair(account);
    const launched = await account.at(account.hoursAgo(90), () =>
      account.observer.ec2.send(new RunInstancesCommand({ ImageId: olderAmi, MinCount: 1, MaxCount: 1 })),
    );
    const instanceId = launched.Instances![0]!.InstanceId!;
    await account.observer.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
    const plan = await keptAll(account, superseded, 'in-use', new RegExp(`used by .*${instanceId}`));
    expect(plan.resources.find((resource) => resource.id === olderAmi)?.dependents).toEqual([
      expect.stringContaining(instanceId),
    ]);
  });

  it('keeps an AMI that was launched within the minimum age, though no instance of it is left', async ({
    account,
  }) => {
    seedPair(account);
    const { Instances } = await account.at(account.hoursAgo(3), () =>
      account.observer.ec2.send(new RunInstancesCommand({ ImageId: olderAmi, MinCount: 1, MaxCount: 1 })),
    );
    await account.observer.ec2.send(
      new TerminateInstancesCommand({ InstanceIds: [Instances![0]!.InstanceId!] }),
    );
    await keptAll(account, superseded, 'too-recent', /last launched/);
  });

  /** The first of twelve versions names the AMI, the others another. */
  async function makeLaunchTemplate(account: JanitorAccount): Promise<string> {
    const data = (ImageId: string) => ({ LaunchTemplateData: { ImageId } });
    const { LaunchTemplate } = await account.observer.ec2.send(
      new CreateLaunchTemplateCommand({ LaunchTemplateName: 'web', ...data(olderAmi) }),
    );
    for (let version = 2; version <= 12; version++) {
      await account.observer.ec2.send(
        new CreateLaunchTemplateVersionCommand({ LaunchTemplateName: 'web', ...data(ami) }),
      );
    }
    return LaunchTemplate!.LaunchTemplateId!;
  }
  /** Makes something that uses the older AMI. */
  type Refer = (account: JanitorAccount) => Promise<unknown>;
  const makeLaunchConfiguration = (account: JanitorAccount) =>
    account.clients.autoScaling(region).send(
      new CreateLaunchConfigurationCommand({
        LaunchConfigurationName: 'old-fleet',
        ImageId: olderAmi,
        InstanceType: 't3.micro',
      }),
    );
  const makeParameter = (account: JanitorAccount) =>
    account.clients
      .ssm(region)
      .send(new PutParameterCommand({ Name: '/golden', Type: 'String', Value: olderAmi, DataType: 'text' }));

  it('24: `--superseded`: an AMI that a launch template’s version names, 11 versions back: keeps it', async ({
    account,
  }) => {
    seedPair(account);
    const templateId = await makeLaunchTemplate(account);
    await keptAll(account, superseded, 'in-use', new RegExp(`used by .*${templateId}`));
  });

  it.for<[string, Refer, RegExp]>([
    ['a launch configuration', makeLaunchConfiguration, /old-fleet/],
    ['an SSM parameter', makeParameter, /golden/],
  ])('keeps an AMI that %s refers to', async ([_, refer, reason], { account }) => {
    seedPair(account);
    await refer(account);
    await keptAll(account, superseded, 'in-use', reason);
  });

  describe('where there is no DescribeImageReferences', () => {
    const hideReferences = (account: JanitorAccount) =>
      account.aws.faults.add({
        match: { operation: 'DescribeImageReferences' },
        times: 'always',
        action: { kind: 'error', status: 400, code: 'InvalidAction', message: 'no such action' },
      });

    it.for<[string, Refer, RegExp]>([
      [
        'an instance',
        (account) =>
          account.observer.ec2.send(new RunInstancesCommand({ ImageId: olderAmi, MinCount: 1, MaxCount: 1 })),
        /^used by i-[0-9a-f]+$/,
      ],
      ['an old version of a launch template', makeLaunchTemplate, /^used by lt-[0-9a-f]+ version 1$/],
      ['a launch configuration', makeLaunchConfiguration, /old-fleet/],
      ['an SSM parameter', makeParameter, /golden/],
    ])('%s is found all the same', async ([_, refer, reason], { account }) => {
      seedPair(account);
      hideReferences(account);
      await account.at(account.hoursAgo(90), () => refer(account));
      await keptAll(account, superseded, 'in-use', reason);
    });

    it('an AMI that nothing refers to goes', async ({ account }) => {
      seedPair(account);
      hideReferences(account);
      await makeParameter(account);
      await account.clients
        .ssm(region)
        .send(new PutParameterCommand({ Name: '/golden', Type: 'String', Value: ami, Overwrite: true }));
      const { outcomes } = await account.clean({ ...superseded, deregisterNow: true });
      expect(results(outcomes)).toEqual([`${olderAmi} deleted`, `${otherSnap} deleted`]);
    });

    it('a denied search keeps it', async ({ account }) => {
      seedPair(account);
      hideReferences(account);
      account.aws.faults.add({
        match: { operation: 'DescribeLaunchTemplates' },
        times: 'always',
        action: { kind: 'error', preset: 'access-denied' },
      });
      await keptAll(account, superseded, 'unread', /UnauthorizedOperation/);
    });
  });

  it('27: `--superseded`: AccessDenied on the reference check: deletes no AMI', async ({ account }) => {
    seedPair(account);
    account.aws.faults.add({
      match: { operation: 'DescribeImageReferences' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    const plan = await keptAll(account, superseded, 'unread', /UnauthorizedOperation/);
    expect(plan.gaps).toMatchObject([{ what: 'references', ref: `us-east-1/${olderAmi}` }]);
  });
});
