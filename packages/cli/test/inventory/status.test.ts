import { RunInstancesCommand } from '@aws-sdk/client-ec2';
import { CreateMultipartUploadCommand, PutObjectTaggingCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { bootTestToken, digestHex, keptKey, tagList } from '@ec2-image/provenance';
import { describe } from 'vitest';
import {
  digest,
  expect,
  hoursAgo,
  id,
  imported,
  key,
  ourImageTags,
  ourTags,
  test,
} from '../janitor/support.ts';
import { bucket } from '../support/account.ts';

interface Status {
  readonly status: {
    readonly unfinished: readonly (Record<string, unknown> & {
      readonly kind: string;
      readonly command: readonly string[] | null;
    })[];
    readonly gaps: readonly { readonly what: string }[];
  };
}

const where = ['--bucket', bucket];
const [snap, used, task] = [id('snap', 1), id('snap', 2), 'import-snap-0000000000000000a'];
/** What makes this very AMI, by whoever reads it. */
const importing = [
  ...['import', '--name', 'fedora', '--url', 'https://example.org/fedora.qcow2'],
  ...['--ami-name', 'fedora-i43'],
  ...['--sha256', digestHex(digest), '--via', 's3', '--format', 'vhdx', '--region', 'us-east-1'],
];

describe.each(['calm', 'adverse'] as const)('status, %s', (conditions) => {
  const it = test.override({ conditions });

  it('shows what is unfinished with the command that continues it, and changes nothing', async ({
    account,
  }) => {
    await account.putObject(3);
    const upload = { Bucket: bucket, Key: key.replace('fedora-i43', 'fedora-i44') };
    const { UploadId } = await account.s3.send(
      new CreateMultipartUploadCommand({ ...upload, ChecksumAlgorithm: 'CRC32' }),
    );
    await account.s3.send(new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: 'a part' }));
    account.seed({
      snapshots: [
        { id: snap, createdAt: hoursAgo(2), description: imported, tags: { ...ourTags, Name: 'fedora-i43' } },
        { id: used, description: imported, tags: ourTags },
        { id: id('snap', 3), description: 'of somebody else', tags: {} },
      ],
      images: [
        { id: id('ami', 1), name: 'fedora-i42', snapshotIds: [used], tags: ourImageTags },
        {
          id: id('ami', 2),
          name: 'fedora-i42b',
          state: 'pending',
          sourceImageId: id('ami', 1),
          sourceImageRegion: 'us-east-1',
          snapshotIds: [],
          tags: { ...ourImageTags, 'ec2-image:copy-of': `${id('ami', 1)} us-east-1` },
        },
      ],
      importTasks: [
        { id: task, bucket, key: 'ec2-image/other/0123456789ab.vhdx', status: 'active', tags: ourTags },
      ],
    });
    const startedAt = '2026-11-22T10:00:00Z';
    const run = { ImageId: id('ami', 1), InstanceType: 't3.micro', MinCount: 1, MaxCount: 1 } as const;
    const tags = [
      { ResourceType: 'instance' as const, Tags: tagList({ 'ec2-image:started-at': startedAt }) },
    ];
    const ClientToken = bootTestToken({ imageId: run.ImageId, attempt: startedAt });
    await account.ec2.send(new RunInstancesCommand({ ...run, ClientToken, TagSpecifications: tags }));
    await account.ec2.send(new RunInstancesCommand({ ...run, TagSpecifications: tags }));
    account.aws.calls.clear();

    const { exitCode, json, stderr } = await account.run('status', ...where, '--json');
    expect(exitCode, stderr).toBe(0);
    const { unfinished, gaps } = json<Status>().status;
    expect(gaps).toEqual([]);
    expect(unfinished).toMatchObject([
      { kind: 'upload', amiName: 'fedora-i44', state: 'incomplete', sizeBytes: 6, command: null },
      {
        kind: 'object',
        amiName: 'fedora-i43',
        sizeBytes: 6,
        command: [...importing, '--arch', 'x86_64', '--bucket', bucket],
      },
      { kind: 'task', id: task, command: [...importing, '--arch', 'x86_64', '--bucket', bucket] },
      {
        kind: 'snapshot',
        id: snap,
        ageSeconds: expect.any(Number),
        command: [...importing, '--arch', 'x86_64', '--bucket', bucket],
      },
      { kind: 'copy', id: id('ami', 2), state: 'pending' },
      {
        kind: 'instance',
        amiName: 'fedora-i42',
        command: ['boot-test', id('ami', 1), '--region', 'us-east-1'],
      },
    ]);
    expect(account.changes()).toEqual([]);
    const people = await account.run('status', ...where);
    expect(people.stdout).toMatch(/^KIND +NAME +REGION +STATE +AGE +ID$/m);
    expect(people.stdout).toContain('To continue:\n  ec2-image import --name fedora');
    expect(people.stdout).toContain(`--region us-east-1 --endpoint-url ${account.aws.url}\n`);
    expect(people.stdout).toContain('2 of them only the command that began them continues');
  });
});

describe('status', () => {
  test('an object that is kept is finished, and nothing is said of an empty account', async ({ account }) => {
    expect((await account.run('status', ...where)).stdout).toBe('No import is running or unfinished.\n');
    await account.putObject(3);
    const kept = { Bucket: bucket, Key: key, Tagging: { TagSet: [{ Key: keptKey, Value: 'true' }] } };
    expect((await account.run('status', ...where, '--quiet')).stdout).toBe(`s3://${bucket}/${key}\n`);
    await account.s3.send(new PutObjectTaggingCommand(kept));
    expect((await account.run('status', ...where)).stdout).toBe('No import is running or unfinished.\n');
  });

  test('what may not be read is told: exit 4', async ({ account }) => {
    account.aws.faults.add({
      match: { operation: 'DescribeInstances' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    const { exitCode, json } = await account.run('status', ...where, '--json');
    expect(exitCode).toBe(4);
    expect(json<Status>().status.gaps).toMatchObject([{ what: 'instances', region: 'us-east-1' }]);
  });
});
