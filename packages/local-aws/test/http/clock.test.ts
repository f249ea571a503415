import { EBSClient, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import { DescribeRegionsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { connectAccount } from '../../src/testing/index.ts';
import { expect, testWith } from '../support/account.ts';
import { amzDate, element, scopedTo, send } from '../support/raw.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** Not the machine's clock: the emulator's own is the one that counts. */
const now = () => Date.now() + 3 * dayMs;
const test = testWith({ now });

const targets: Readonly<Record<string, string>> = {
  s3: '/',
  ec2: '/?Action=DescribeRegions&Version=2016-11-15',
  sts: '/?Action=GetCallerIdentity&Version=2011-06-15',
  iam: '/?Action=GetRole&Version=2010-05-08&RoleName=vmimport',
  autoscaling: '/?Action=DescribeLaunchConfigurations&Version=2011-01-01',
  ebs: '/snapshots/snap-0123456789abcdef0/blocks',
};

function sendAt(url: string, service: string, time: number) {
  const date = amzDate(time);
  return send(url, {
    target: targets[service]!,
    headers: { 'x-amz-date': date },
    authorization: scopedTo(service).replace(/\/\d{8}\//, `/${date.slice(0, 8)}/`),
  });
}

test.for([
  ['s3', 'RequestTimeTooSkewed', 'RequestTimeTooSkewed'],
  ['ec2', 'RequestExpired', 'AuthFailure'],
  ['sts', 'SignatureDoesNotMatch', 'SignatureDoesNotMatch'],
  ['iam', 'SignatureDoesNotMatch', 'SignatureDoesNotMatch'],
  ['autoscaling', 'SignatureDoesNotMatch', 'SignatureDoesNotMatch'],
  ['ebs', 'InvalidSignatureException', 'InvalidSignatureException'],
] as const)('%s refuses a clock 15 minutes off its own', async ([service, behind, ahead], { account }) => {
  const codeAt = async (offsetMs: number) => {
    const { body, headers } = await sendAt(account.aws.url, service, now() + offsetMs);
    return headers['x-amzn-errortype'] ?? element(body, 'Code');
  };
  const usual = service === 'ebs' ? 'ResourceNotFoundException' : undefined;
  expect(await codeAt(-14 * minuteMs)).toBe(usual);
  expect(await codeAt(14 * minuteMs)).toBe(usual);
  expect(await codeAt(-16 * minuteMs)).toBe(behind);
  expect(await codeAt(16 * minuteMs)).toBe(ahead);
  expect(await codeAt(-3 * dayMs)).toBe(behind);
});

test('the refusal of S3 tells both times, and that of the others which way the clock is off', async ({
  account,
}) => {
  const s3 = await sendAt(account.aws.url, 's3', now() - dayMs);
  expect(element(s3.body, 'MaxAllowedSkewMilliseconds')).toBe('900000');
  expect(Date.parse(element(s3.body, 'ServerTime')!)).toBeGreaterThan(now() - minuteMs);
  const sts = await sendAt(account.aws.url, 'sts', now() + dayMs);
  expect(element(sts.body, 'Message')).toMatch(
    /^Signature not yet current: \d{8}T\d{6}Z is still later than/,
  );
});

test('a credential of another day than the request is malformed', async ({ account }) => {
  const answer = await send(account.aws.url, {
    target: '/',
    headers: { 'x-amz-date': amzDate(now()) },
    authorization: scopedTo('s3'),
  });
  expect(element(answer.body, 'Code')).toBe('AuthorizationHeaderMalformed');
});

test('stock clients on a machine with another clock correct theirs by the Date of the answer', async ({
  account,
}) => {
  const { url } = account.aws;
  // Without the emulator's clock: these sign by the machine's.
  await using hasty = connectAccount({ url, directory: account.directory });
  await expect(hasty.s3.send(new ListBucketsCommand({}))).rejects.toMatchObject({
    name: 'RequestTimeTooSkewed',
  });
  await using patient = connectAccount({ url, directory: account.directory, maxAttempts: 2 });
  const date = (await sendAt(url, 's3', now())).headers.date as string;
  expect(Math.abs(Date.parse(date) - now())).toBeLessThan(minuteMs);
  expect(await patient.client(S3Client).send(new ListBucketsCommand({}))).toMatchObject({ Buckets: [] });
  expect((await patient.client(EC2Client).send(new DescribeRegionsCommand({}))).Regions).not.toEqual([]);
  expect((await patient.client(STSClient).send(new GetCallerIdentityCommand({}))).Account).toBe(
    '123456789012',
  );
  const { SnapshotId } = await patient
    .client(EBSClient)
    .send(new StartSnapshotCommand({ VolumeSize: 1, ClientToken: 'clock' }));
  expect(SnapshotId).toMatch(/^snap-/);
});
