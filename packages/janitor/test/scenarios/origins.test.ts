import { describe, expect } from 'vitest';
import { applyTagFix, findMissingTags, planTagFix } from '../../src/index.ts';
import { accountId, bucket, it, type JanitorAccount, region, verdicts } from '../support/account.ts';
import { amiName, id, importedBy, key, keyOf, ourImageTags, ourTags } from '../support/resources.ts';

const [ami, olderAmi] = [id('ami', 1), id('ami', 2)];
const [snap, otherSnap] = [id('snap', 1), id('snap', 2)];
const taskId = id('import-snap', 1);

let account: JanitorAccount;
let changes: () => string[];
it.beforeEach(({ account: own }) => {
  account = own;
});

const old = () => ({ createdAt: account.hoursAgo(100) });

/** What tag-fix would add, and does. */
async function fixTags() {
  const facts = await findMissingTags({
    account: accountId,
    clients: account.clients,
    regions: [region],
    buckets: [bucket],
    prefixes: ['ec2-image/'],
  });
  const plan = planTagFix(facts);
  await applyTagFix({ plan, clients: account.clients, clock: account.clock });
  return plan.fixes;
}

describe('44: a snapshot copied by somebody with the tags of ec2-image: keeps it', () => {
  it.each([
    [
      'CopySnapshot',
      { description: `[Copied ${snap} from us-west-2] ${importedBy(taskId)}` },
      /is a copy of/,
    ],
    ['AWS Backup', { description: 'This snapshot is created by the AWS Backup service.' }, /has neither/],
    [
      'a lifecycle policy',
      { description: `[Copied ${snap} from us-east-1] Created for policy: policy-0a schedule: daily` },
      /is a copy of/,
    ],
    [
      'CreateSnapshot of a volume',
      { volumeId: 'vol-0a', description: importedBy(taskId) },
      /the volume vol-0a/,
    ],
    [
      'CopyImage',
      {
        description: `Copied for DestinationAmi ${ami} from SourceAmi ${olderAmi} for SourceSnapshot ${snap}. Task created on 1,700,000,000,000.`,
      },
      /is a copy of/,
    ],
  ])('%s', async (_, made, reason) => {
    account.seed({ snapshots: [{ id: otherSnap, ...old(), tags: ourTags(), ...made }] });
    changes = account.watch();
    const { plan } = await account.clean();
    expect(plan.resources).toMatchObject([
      { id: otherSnap, verdict: 'keep', code: 'no-proof', reason: expect.stringMatching(reason) },
    ]);
    expect(plan.resources[0]).not.toHaveProperty('suggestion');
    await fixTags();
    expect(changes()).toEqual([]);
  });

  it('CopySnapshot with the description of the one that it copied, as long as the task is listed', async () => {
    account.seed({
      importTasks: [{ id: taskId, ...old(), bucket, key, snapshotId: snap, tags: ourTags() }],
      snapshots: [
        { id: snap, ...old(), tags: ourTags(), description: importedBy(taskId) },
        { id: otherSnap, ...old(), tags: ourTags(), description: importedBy(taskId) },
      ],
    });
    changes = account.watch();
    const { plan } = await account.clean();
    expect(verdicts(plan)).toEqual([`${snap} delete`, `${otherSnap} keep no-proof`]);
    expect(changes()).toEqual([`DeleteSnapshot ${snap}`]);
  });

  it('proves no AMI, and gives it no tags', async () => {
    account.seed({
      snapshots: [{ id: snap, ...old(), tags: ourTags(), description: `[Copied ${otherSnap} from x] ` }],
      images: [{ id: ami, ...old(), name: 'mine', state: 'failed', snapshotIds: [snap] }],
    });
    changes = account.watch();
    const { plan } = await account.clean();
    expect(verdicts(plan)).toEqual([`${snap} keep no-proof`]);
    expect(await fixTags()).toEqual([]);
    expect(changes()).toEqual([]);
  });

  it('while one that EBS direct wrote from the image of its tags goes', async () => {
    const [digest] = Object.entries(ourTags()).flatMap(([name, value]) =>
      name === 'ec2-image:source-digest' ? [value] : [],
    );
    const written = { ...old(), tags: ourTags(), description: `ec2-image ${digest}` };
    account.seed({
      snapshots: [
        { id: snap, ...written },
        { id: otherSnap, ...written, description: `ec2-image sha256:${'0'.repeat(64)}` },
      ],
    });
    const { plan } = await account.clean();
    expect(verdicts(plan)).toEqual([`${snap} delete`, `${otherSnap} keep no-proof`]);
  });
});

describe('45: an AMI copied with its tags: keeps it', () => {
  const copied = { sourceImageId: olderAmi, sourceImageRegion: 'us-west-2' };

  it.each([
    ['by CopyImage', 'available', copied, {}],
    ['by CopyImage, failed', 'failed', copied, {}],
    ['from an instance', 'available', { sourceInstanceId: 'i-0a' }, {}],
    [
      'with the tag of a copy to another region',
      'failed',
      copied,
      { 'ec2-image:copy-of': `${olderAmi} eu-west-1` },
    ],
    ['with the tag of a copy of another AMI', 'failed', copied, { 'ec2-image:copy-of': `${ami} us-east-1` }],
    ['with the tag of a copy, and is none', 'failed', {}, { 'ec2-image:copy-of': `${olderAmi} us-east-1` }],
  ] as const)('%s', async (_, state, source, tags) => {
    account.seed({
      snapshots: [{ id: snap, ...old(), tags: ourTags(), description: 'Copied for DestinationAmi' }],
      images: [
        {
          id: ami,
          ...old(),
          name: amiName,
          snapshotIds: [snap],
          state,
          ...source,
          tags: { ...ourImageTags(), ...tags },
        },
        { name: 'fedora-i44', snapshotIds: [], tags: ourImageTags('fedora-i44') },
      ],
    });
    changes = account.watch();
    const { plan } = await account.clean({ superseded: true, amis: [ami] });
    expect(verdicts(plan)).toContain(`${ami} keep no-proof`);
    expect(await fixTags()).not.toContainEqual(expect.objectContaining({ id: ami }));
    expect(changes()).toEqual([]);
  });

  it('a copy that names its source and this region counts as created by ec2-image', async () => {
    const tags = { ...ourImageTags(), 'ec2-image:copy-of': `${olderAmi} us-east-1` };
    account.seed({
      images: [{ id: ami, ...old(), name: amiName, snapshotIds: [], state: 'failed', ...copied, tags }],
    });
    expect(verdicts(await account.find())).toEqual([`${ami} delete`]);
  });
});

describe('46: a task that read `ec2-legacy/x.vmdk`, prefix `ec2`: ignores it', () => {
  const ownKey = key.replace('ec2-image/', 'ec2/');
  it.each(['ec2', 'ec2/'])('prefix %s', async (prefix) => {
    const made = { ...old(), bucket, key: 'ec2-legacy/x.vmdk', snapshotId: snap };
    account.seed({
      importTasks: [
        { id: taskId, ...made },
        { id: id('import-snap', 2), ...made, snapshotId: undefined, status: 'active' },
        { id: id('import-snap', 3), ...made, key: ownKey, snapshotId: otherSnap },
        { id: id('import-snap', 4), ...made, key: 'ec2/x.vmdk', snapshotId: id('snap', 3) },
      ],
      snapshots: [
        { id: snap, ...old(), description: importedBy(taskId) },
        { id: otherSnap, ...old(), description: importedBy(id('import-snap', 3)) },
        { id: id('snap', 3), ...old(), description: importedBy(id('import-snap', 4)) },
      ],
      images: [{ id: ami, ...old(), name: 'legacy', state: 'failed', snapshotIds: [snap] }],
    });
    changes = account.watch();
    const { plan } = await account.clean({}, { prefixes: [prefix] });
    // Under the prefix, what has not the shape of a key of ec2-image is somebody's, too.
    expect(verdicts(plan)).toEqual([
      `${snap} keep no-proof`,
      `${otherSnap} delete`,
      `${id('snap', 3)} keep no-proof`,
    ]);
    expect(changes()).toEqual([`DeleteSnapshot ${otherSnap}`]);
  });

  it('nor the objects and uploads beside its own', async () => {
    const { putObject, startUpload } = await import('../support/resources.ts');
    const name = keyOf(amiName).replace('ec2-image/', '');
    for (const other of ['ec2-legacy/', 'ec2', 'ec2/']) {
      await putObject(account, 1000, `${other}${name}`);
      await startUpload(account, 1000, `${other}${name}`);
    }
    const plan = await account.find({}, { prefixes: ['ec2'] });
    expect(plan.resources.map(({ kind, key: found }) => [kind, found])).toEqual([
      ['upload', `ec2/${name}`],
      ['object', `ec2/${name}`],
    ]);
  });
});
