import { expect, testWith } from '../support/account.ts';
import { element, scopedTo, send } from '../support/raw.ts';

const test = testWith();

const foreignHosts = [
  'evil.example',
  'evil.example:4566',
  '128.0.0.1',
  '127.0.0.1.evil.example',
  '127.0.0.256',
  'localhost.evil.example',
  'notlocalhost',
  'bucket.s3.amazonaws.com',
  '[::2]',
];
const loopbackHosts = [
  'localhost',
  'LocalHost:4566',
  'a.b.localhost:1',
  '127.0.0.1',
  '127.255.0.9:80',
  '[::1]:80',
];

const services: readonly [name: string, target: string, code: string][] = [
  ['s3', '/', 'AccessDenied'],
  ['ec2', '/?Action=DescribeRegions&Version=2016-11-15', 'UnauthorizedOperation'],
  ['sts', '/?Action=GetCallerIdentity&Version=2011-06-15', 'AccessDenied'],
  ['iam', '/?Action=GetRole&Version=2010-05-08&RoleName=vmimport', 'AccessDenied'],
  ['autoscaling', '/?Action=DescribeLaunchConfigurations&Version=2011-01-01', 'AccessDenied'],
];

test.for(services)('%s refuses foreign hosts and origins', async ([name, target, code], { account }) => {
  const ask = (headers: Record<string, string>) =>
    send(account.aws.url, { target, headers, authorization: scopedTo(name) });
  expect((await ask({})).status).toBe(200);
  for (const host of foreignHosts) {
    const { status, body } = await ask({ host });
    expect([host, status, element(body, 'Code')]).toEqual([host, 403, code]);
  }
  for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example', 'file://']) {
    const { status, body } = await ask({ origin });
    expect([origin, status, element(body, 'Code')]).toEqual([origin, 403, code]);
  }
  expect((await ask({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  expect((await ask({ origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' })).status).toBe(200);
});

test.for([
  ['ebs', 'GET', '/snapshots/snap-0123456789abcdef0/blocks', 404],
  ['ssm', 'POST', '/', 200],
] as const)('%s refuses them as JSON', async ([name, method, target, usual], { account }) => {
  const ask = (headers: Record<string, string>) =>
    send(account.aws.url, {
      method,
      target,
      headers: { 'x-amz-target': 'AmazonSSM.DescribeParameters', ...headers },
      authorization: scopedTo(name),
      ...(method === 'POST' && { body: '{}' }),
    });
  expect((await ask({})).status).toBe(usual);
  for (const [header, value] of [
    ['host', 'evil.example'],
    ['origin', 'https://evil.example'],
  ] as const) {
    const answer = await ask({ [header]: value });
    const { __type = answer.headers['x-amzn-errortype'] } = JSON.parse(answer.body);
    expect([answer.status, __type]).toEqual([403, 'AccessDeniedException']);
  }
});

test.for(loopbackHosts)('%j names loopback', async (host, { account }) => {
  const target = '/?Action=DescribeRegions&Version=2016-11-15';
  const answer = await send(account.aws.url, { target, headers: { host }, authorization: scopedTo('ec2') });
  expect(answer.status).toBe(200);
});

test('the control endpoints take no request from a web page', async ({ account }) => {
  const { host } = new URL(account.aws.url);
  const ask = async (headers: Record<string, string>) =>
    (await send(account.aws.url, { target: '/_local-aws/faults', headers, authorization: null })).status;
  expect(await ask({})).toBe(200);
  expect(await ask({ 'sec-fetch-site': 'none' })).toBe(200);
  expect(await ask({ origin: `http://${host}`, 'sec-fetch-site': 'same-origin' })).toBe(200);
  for (const headers of [
    { host: 'evil.example' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:3000' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { host: 'evil.example', origin: 'http://evil.example', 'sec-fetch-site': 'same-origin' },
  ]) {
    expect([headers, await ask(headers as Record<string, string>)]).toEqual([headers, 403]);
  }
});
