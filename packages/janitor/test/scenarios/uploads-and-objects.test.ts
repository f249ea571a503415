import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { keptKey } from '@ec2-image/provenance';
import { describe, expect } from 'vitest';
import { totalsOf } from '../../src/index.ts';
import { bucket, it, type JanitorAccount, otherAccount, results, verdicts } from '../support/account.ts';
import {
  id,
  key,
  keyOf,
  ourTags,
  provenance,
  putObject,
  putPart,
  startUpload,
  startUploads,
} from '../support/resources.ts';

let changes: () => string[];

const uploadsLeft = async (account: JanitorAccount) =>
  (await account.observer.s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads?.length ?? 0;
const objectExists = (account: JanitorAccount, Key: string) =>
  account.observer.s3.send(new HeadObjectCommand({ Bucket: bucket, Key })).then(
    () => true,
    () => false,
  );

describe('what imports by hand leave at the root', () => {
  const disk = 'fedora-aws-20240513t140131z-f40f39d13.vhdx';

  it('is listed without proof, with the command that deletes it, and kept', async ({ account }) => {
    for (const Key of [disk, 'notes.txt', 'disk.vhdx', `backup/${disk}`])
      await account.at(account.hoursAgo(100), () =>
        account.observer.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' })),
      );
    changes = account.watch();
    const { plan } = await account.clean();
    expect(plan.resources).toMatchObject([
      {
        verdict: 'keep',
        code: 'no-proof',
        key: disk,
        reason: expect.stringContaining(`aws s3 rm s3://${bucket}/${disk} deletes it`),
      },
    ]);
    expect(changes()).toEqual([]);
  });

  it('is named with its versions where the bucket keeps them', async ({ account }) => {
    await account.observer.s3.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    const { VersionId } = await account.at(account.hoursAgo(100), () =>
      account.observer.s3.send(new PutObjectCommand({ Bucket: bucket, Key: disk, Body: 'x' })),
    );
    const { resources } = await account.find();
    expect(resources).toMatchObject([
      {
        code: 'no-proof',
        reason: expect.stringContaining(
          `aws s3api delete-object --bucket ${bucket} --key ${disk} --version-id ${VersionId}`,
        ),
      },
    ]);
  });
});

describe('uploads', () => {
  it('3: an old multipart upload under the prefix: aborts it, counts its parts’ bytes', async ({
    account,
  }) => {
    const uploadId = await startUpload(account, 100);
    await putPart(account, 99, { uploadId, partNumber: 1, bytes: 3000 });
    await putPart(account, 98, { uploadId, partNumber: 2, bytes: 4000 });
    changes = account.watch();
    const { plan, outcomes } = await account.clean();
    expect(results(outcomes)).toEqual([`${uploadId} deleted`]);
    expect(totalsOf(plan.resources)).toEqual({ resources: 1, bytes: 7000, snapshotBytes: 0 });
    expect(changes()).toEqual([`AbortMultipartUpload ${key} ${uploadId}`]);
    expect(await uploadsLeft(account)).toBe(0);
  });

  it('3: the answer to the abort is lost: it counts as deleted, not as gone before', async ({ account }) => {
    const uploadId = await startUpload(account, 100);
    account.aws.faults.add({
      match: { operation: 'AbortMultipartUpload' },
      action: { kind: 'drop', when: 'after' },
    });
    const { outcomes } = await account.clean();
    expect(results(outcomes)).toEqual([`${uploadId} deleted`]);
  });

  it('4: a fresh upload, or an old one whose newest part is fresh: keeps it', async ({ account }) => {
    const fresh = await startUpload(account, 1);
    const old = await startUpload(account, 100);
    await putPart(account, 99, { uploadId: old, partNumber: 1 });
    await putPart(account, 1, { uploadId: old, partNumber: 2 });
    changes = account.watch();
    const { plan } = await account.clean();
    expect(verdicts(plan).sort()).toEqual([`${fresh} keep too-recent`, `${old} keep too-recent`].sort());
    expect(changes()).toEqual([]);
  });

  it('5: 1,001 uploads on one key: finds all', async ({ account }) => {
    await startUploads(account, 1, 1001);
    changes = account.watch();
    const plan = await account.find();
    expect(new Set(plan.resources.map((resource) => resource.id)).size).toBe(1001);
    expect(changes()).toEqual([]);
  });

  it('6: an upload outside the prefix: ignores it', async ({ account }) => {
    await startUpload(account, 100, 'elsewhere/fedora-i43/0123456789ab.vhdx');
    await startUpload(account, 100, 'ec2-image/notes.txt');
    changes = account.watch();
    const { plan } = await account.clean();
    expect(plan.resources).toEqual([]);
    expect(changes()).toEqual([]);
    expect(await uploadsLeft(account)).toBe(2);
  });
});

it('does not read a bucket of another account, whatever its keys look like', async ({ account }) => {
  const theirs = account.observer.client(S3Client, { credentials: otherAccount });
  await theirs.send(new CreateBucketCommand({ Bucket: 'theirs' }));
  await account.at(account.hoursAgo(100), () =>
    theirs.send(new CreateMultipartUploadCommand({ Bucket: 'theirs', Key: key })),
  );
  changes = account.watch();
  const { plan } = await account.clean({}, { buckets: ['theirs', bucket] });
  expect(plan.resources).toEqual([]);
  expect(plan.gaps).toMatchObject([{ what: 'bucket', bucket: 'theirs' }]);
  expect(changes()).toEqual([]);
});

describe('objects', () => {
  it('7: an old object, no task: deletes it', async ({ account }) => {
    await putObject(account, 100);
    changes = account.watch();
    const { plan, outcomes } = await account.clean();
    expect(results(outcomes)).toEqual([`${key} deleted`]);
    expect(totalsOf(plan.resources)).toEqual({ resources: 1, bytes: 1000, snapshotBytes: 0 });
    expect(changes()).toEqual([`DeleteObject ${key}`]);
    expect(await objectExists(account, key)).toBe(false);
  });

  it('keeps an object whose key matches, but whose metadata does not', async ({ account }) => {
    await account.at(account.hoursAgo(100), () =>
      account.observer.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'x' })),
    );
    changes = account.watch();
    const { plan } = await account.clean();
    expect(verdicts(plan)).toEqual([`${key} keep no-proof`]);
    expect(changes()).toEqual([]);
  });

  it('8: an object that an active task reads: keeps it', async ({ account }) => {
    await putObject(account, 100);
    const startedAt = account.hoursAgo(2);
    account.seed({
      importTasks: [{ id: id('import-snap', 1), bucket, key, status: 'active', tags: provenance(startedAt) }],
    });
    changes = account.watch();
    const { plan } = await account.clean();
    expect(verdicts(plan)).toEqual([`${id('import-snap', 1)} keep too-recent`, `${key} keep live`]);
    expect(plan.resources[1]?.dependents).toEqual([id('import-snap', 1)]);
    expect(changes()).toEqual([]);
  });

  it('9: a versioned bucket: deletes the versions', async ({ account }) => {
    const versioned = new PutBucketVersioningCommand({
      Bucket: bucket,
      VersioningConfiguration: { Status: 'Enabled' },
    });
    await putObject(account, 200);
    await account.observer.s3.send(versioned);
    const second = await putObject(account, 100);
    const recent = await putObject(account, 1);
    changes = account.watch();
    const { outcomes } = await account.clean();
    expect(outcomes.map(({ resource, outcome }) => [resource.versionId, outcome])).toEqual(
      expect.arrayContaining([
        ['null', 'deleted'],
        [second, 'deleted'],
      ]),
    );
    expect(changes().sort()).toEqual([`DeleteObject ${key} ${second}`, `DeleteObject ${key} null`].sort());
    const { Versions, DeleteMarkers } = await account.observer.s3.send(
      new ListObjectVersionsCommand({ Bucket: bucket }),
    );
    expect(Versions?.map(({ VersionId }) => VersionId)).toEqual([recent]);
    expect(DeleteMarkers ?? []).toEqual([]);
  });

  it('9: a versioned bucket whose versions may not be deleted: says that it did not', async ({ account }) => {
    await account.observer.s3.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    await putObject(account, 100);
    account.aws.faults.add({
      match: { operation: 'DeleteObject' },
      times: 'always',
      action: { kind: 'error', preset: 'access-denied' },
    });
    const { outcomes } = await account.clean();
    expect(outcomes).toMatchObject([{ outcome: 'failed', detail: expect.stringContaining('AccessDenied') }]);
    expect(await objectExists(account, key)).toBe(true);
  });

  it('50: an object kept by `--keep-object`: keeps it, by its mark', async ({ account }) => {
    await putObject(account, 100);
    const Tagging = { TagSet: [{ Key: keptKey, Value: 'true' }] };
    await account.observer.s3.send(new PutObjectTaggingCommand({ Bucket: bucket, Key: key, Tagging }));
    changes = account.watch();
    const { plan } = await account.clean();
    expect(plan.resources).toMatchObject([
      { code: 'protected', reason: 'kept by --keep-object (tag ec2-image:keep-object)' },
    ]);
    expect(changes()).toEqual([]);
  });

  it('12: a task `deleted` (failed), its object left: deletes the object', async ({ account }) => {
    await putObject(account, 100);
    account.seed({
      importTasks: [
        { bucket, key, status: 'deleted', statusMessage: 'Disk validation failed', tags: ourTags() },
      ],
    });
    changes = account.watch();
    const { outcomes } = await account.clean();
    expect(results(outcomes)).toEqual([`${key} deleted`]);
    expect(changes()).toEqual([`DeleteObject ${key}`]);
  });
});

it('1: nothing: no write', async ({ account }) => {
  changes = account.watch();
  const { plan, outcomes } = await account.clean();
  expect(plan).toMatchObject({ resources: [], gaps: [], notices: [] });
  expect(outcomes).toEqual([]);
  expect(changes()).toEqual([]);
});

it('2: leftovers, no --apply: no mutating call', async ({ account }) => {
  await putObject(account, 100);
  await startUpload(account, 100, keyOf('fedora-i44'));
  account.seed({ snapshots: [{ createdAt: account.hoursAgo(100), tags: ourTags() }] });
  changes = account.watch();
  const plan = await account.find();
  expect(plan.resources.map(({ kind, verdict }) => [kind, verdict])).toEqual([
    ['upload', 'delete'],
    ['snapshot', 'delete'],
    ['object', 'delete'],
  ]);
  expect(changes()).toEqual([]);
});
