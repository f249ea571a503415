import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketEncryptionCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  type ListBucketsCommandInput,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { accountId, describe, expect, openAccount, testWith } from '../support/account.ts';
import { element, scopedTo, send } from '../support/raw.ts';

const other = '999999999999';
const test = testWith({
  buckets: ['here', { name: 'there', region: 'eu-west-1' }, { name: 'theirs', owner: other }],
  credentials: [{ accessKeyId: 'STRANGER', secretAccessKey: 'secret', accountId: other }],
})
  .extend('europe', { scope: 'file' }, ({ account }) =>
    account.client(S3Client, { region: 'eu-west-1', forcePathStyle: true }),
  )
  .extend('stranger', { scope: 'file' }, ({ account }) =>
    account.client(S3Client, {
      forcePathStyle: true,
      credentials: { accessKeyId: 'STRANGER', secretAccessKey: 'secret' },
    }),
  );

const refused = (name: string, status: number) =>
  expect.objectContaining({ name, $metadata: expect.objectContaining({ httpStatusCode: status }) });

describe('a bucket is made', () => {
  test('in the region of the request, or the one that it names', async ({ account, europe }) => {
    const { s3 } = account;
    await s3.send(new CreateBucketCommand({ Bucket: 'made-here' }));
    await s3.send(
      new CreateBucketCommand({
        Bucket: 'made-there',
        CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
      }),
    );
    const location = async (Bucket: string) =>
      (await s3.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint;
    expect(await location('made-here')).toBeUndefined();
    expect(await location('made-there')).toBe('eu-west-1');
    expect((await europe.send(new HeadBucketCommand({ Bucket: 'made-there' }))).BucketRegion).toBe(
      'eu-west-1',
    );
  });

  test('again by its owner without an error in us-east-1, with one elsewhere', async ({
    account,
    europe,
  }) => {
    const create = new CreateBucketCommand({ Bucket: 'again' });
    await account.s3.send(create);
    await account.s3.send(create);
    const abroad = new CreateBucketCommand({
      Bucket: 'again-there',
      CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
    });
    await europe.send(abroad);
    await expect(europe.send(abroad)).rejects.toEqual(refused('BucketAlreadyOwnedByYou', 409));
  });

  test.for([
    ['us-east-1', 'theirs', undefined, 'BucketAlreadyExists', 409],
    ['us-east-1', 'Bad_Name', undefined, 'InvalidBucketName', 400],
    ['us-east-1', 'x.', undefined, 'InvalidBucketName', 400],
    ['us-east-1', '192.168.0.1', undefined, 'InvalidBucketName', 400],
    ['us-east-1', 'new-one', 'us-east-1', 'InvalidLocationConstraint', 400],
    ['eu-west-1', 'new-one', undefined, 'IllegalLocationConstraintException', 400],
    ['eu-west-1', 'new-one', 'eu-central-1', 'IllegalLocationConstraintException', 400],
  ] as const)('not from %s as %s in %s', async ([region, name, constraint, code, status], { account }) => {
    const body =
      constraint &&
      `<CreateBucketConfiguration><LocationConstraint>${constraint}</LocationConstraint></CreateBucketConfiguration>`;
    const answer = await send(account.aws.url, {
      method: 'PUT',
      target: `/${name}`,
      authorization: scopedTo('s3', region),
      ...(body && { body }),
    });
    expect([element(answer.body, 'Code'), answer.status]).toEqual([code, status]);
  });
});

describe('whose bucket it is, and where', () => {
  test('path style: another region is a permanent redirect that names it', async ({ account }) => {
    const answer = await send(account.aws.url, { target: '/there?list-type=2' });
    expect(answer.status).toBe(301);
    expect(element(answer.body, 'Code')).toBe('PermanentRedirect');
    expect(answer.headers['x-amz-bucket-region']).toBe('eu-west-1');
    const head = await send(account.aws.url, { method: 'HEAD', target: '/there' });
    expect([head.status, head.headers['x-amz-bucket-region'], head.body]).toEqual([301, 'eu-west-1', '']);
  });

  test('host style: only the signature is wrong, and the right region is told', async ({ account }) => {
    const answer = await send(account.aws.url, {
      target: '/?list-type=2',
      headers: { host: 'there.localhost' },
    });
    expect(answer.status).toBe(400);
    expect(element(answer.body, 'Code')).toBe('AuthorizationHeaderMalformed');
    expect(element(answer.body, 'Region')).toBe('eu-west-1');
  });

  test('a region that is none is told apart', async ({ account }) => {
    const answer = await send(account.aws.url, { target: '/here', authorization: scopedTo('s3', 'US') });
    expect(element(answer.body, 'Region')).toBe('us-east-1');
  });

  test('nobody gets at another account’s', async ({ account, stranger }) => {
    const { s3 } = account;
    await expect(s3.send(new ListObjectsV2Command({ Bucket: 'theirs' }))).rejects.toEqual(
      refused('AccessDenied', 403),
    );
    await expect(s3.send(new HeadBucketCommand({ Bucket: 'theirs' }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
    expect((await stranger.send(new ListObjectsV2Command({ Bucket: 'theirs' }))).KeyCount).toBe(0);
    await expect(stranger.send(new ListObjectsV2Command({ Bucket: 'here' }))).rejects.toEqual(
      refused('AccessDenied', 403),
    );
  });

  test('an expected owner is held against the real one', async ({ account }) => {
    const { s3 } = account;
    const bucket = { Bucket: 'here', Key: 'k' };
    const commands = (ExpectedBucketOwner: string) => [
      new PutObjectCommand({ ...bucket, Body: 'x', ExpectedBucketOwner }),
      new GetObjectCommand({ ...bucket, ExpectedBucketOwner }),
      new ListObjectsV2Command({ ...bucket, ExpectedBucketOwner }),
      new GetBucketLocationCommand({ ...bucket, ExpectedBucketOwner }),
    ];
    for (const command of commands(accountId)) await s3.send(command as PutObjectCommand);
    for (const command of commands(other)) {
      await expect(s3.send(command as PutObjectCommand)).rejects.toEqual(refused('AccessDenied', 403));
    }
    await expect(
      s3.send(new HeadObjectCommand({ ...bucket, ExpectedBucketOwner: other })),
    ).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
    await expect(s3.send(new GetObjectCommand({ ...bucket, ExpectedBucketOwner: 'me' }))).rejects.toEqual(
      refused('InvalidBucketOwnerAWSAccountID', 400),
    );
  });

  test('there is none', async ({ account }) => {
    await expect(account.s3.send(new ListObjectsV2Command({ Bucket: 'nowhere' }))).rejects.toEqual(
      refused('NoSuchBucket', 404),
    );
    await expect(account.s3.send(new HeadBucketCommand({ Bucket: 'nowhere' }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 404 },
    });
  });
});

test('an owner’s buckets are listed in pages, by prefix and region', async () => {
  await using own = await openAccount({
    buckets: ['a-1', { name: 'a-2', region: 'eu-west-1' }, 'a-3', 'b-1', { name: 'not-mine', owner: other }],
  });
  const names = async (input: ListBucketsCommandInput) => {
    const { Buckets = [], ContinuationToken } = await own.s3.send(new ListBucketsCommand(input));
    return { names: Buckets.map(({ Name }) => Name), ContinuationToken };
  };
  expect((await names({})).names).toEqual(['a-1', 'a-2', 'a-3', 'b-1']);
  expect((await names({ Prefix: 'b' })).names).toEqual(['b-1']);
  expect((await names({ BucketRegion: 'eu-west-1' })).names).toEqual(['a-2']);
  const first = await names({ MaxBuckets: 3 });
  expect(first.names).toEqual(['a-1', 'a-2', 'a-3']);
  const { ContinuationToken } = first;
  expect(await names({ MaxBuckets: 3, ContinuationToken })).toEqual({ names: ['b-1'] });
});

test('a bucket goes when it is empty, and not before', async ({ account }) => {
  const { s3 } = account;
  const Bucket = 'short-lived';
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
  await expect(s3.send(new DeleteBucketCommand({ Bucket }))).rejects.toEqual(refused('BucketNotEmpty', 409));
  await send(account.aws.url, { method: 'DELETE', target: `/${Bucket}/k` });
  await s3.send(new DeleteBucketCommand({ Bucket }));
  await expect(s3.send(new GetBucketLocationCommand({ Bucket }))).rejects.toEqual(
    refused('NoSuchBucket', 404),
  );
});

test('what nobody has set reads as S3 sets it', async ({ account }) => {
  const { s3 } = account;
  const { ServerSideEncryptionConfiguration } = await s3.send(
    new GetBucketEncryptionCommand({ Bucket: 'here' }),
  );
  expect(ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault).toEqual({
    SSEAlgorithm: 'AES256',
  });
  await expect(s3.send(new GetBucketPolicyCommand({ Bucket: 'here' }))).rejects.toEqual(
    refused('NoSuchBucketPolicy', 404),
  );
  expect((await s3.send(new GetBucketVersioningCommand({ Bucket: 'here' }))).Status).toBeUndefined();
});

test('versioning is turned on and off', async ({ account }) => {
  const { s3 } = account;
  await s3.send(new CreateBucketCommand({ Bucket: 'versioned' }));
  for (const Status of ['Enabled', 'Suspended'] as const) {
    await s3.send(
      new PutBucketVersioningCommand({ Bucket: 'versioned', VersioningConfiguration: { Status } }),
    );
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket: 'versioned' }))).Status).toBe(Status);
  }
});
