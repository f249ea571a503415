import {
  DescribeAvailabilityZonesCommand,
  DescribeRegionsCommand,
  type DescribeRegionsCommandInput,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { expect, openAccount, refusal, testWith } from '../support/account.ts';
import { amzDate, scopedTo } from '../support/raw.ts';

const it = testWith().extend(
  'regions',
  { scope: 'file' },
  ({ account }) =>
    async (given: DescribeRegionsCommandInput = {}) => {
      const { Regions } = await account.ec2.send(new DescribeRegionsCommand(given));
      return Regions!;
    },
);

it('lists the regions that an account has from the start, and on request the others', async ({ regions }) => {
  const own = await regions();
  expect(own).toContainEqual({
    RegionName: 'eu-west-1',
    Endpoint: 'ec2.eu-west-1.amazonaws.com',
    OptInStatus: 'opt-in-not-required',
  });
  expect(own.every(({ OptInStatus }) => OptInStatus === 'opt-in-not-required')).toBe(true);
  const all = await regions({ AllRegions: true });
  expect(all.length).toBeGreaterThan(own.length);
  expect(all.find(({ RegionName }) => RegionName === 'af-south-1')?.OptInStatus).toBe('not-opted-in');
});

it('finds regions by name and by filter, and refuses those that there are not', async ({ regions }) => {
  const names = async (given: DescribeRegionsCommandInput) =>
    (await regions(given)).map(({ RegionName }) => RegionName);
  expect(await names({ RegionNames: ['us-west-2', 'af-south-1'] })).toEqual(['us-west-2', 'af-south-1']);
  expect(await names({ Filters: [{ Name: 'region-name', Values: ['us-*'] }] })).toEqual([
    'us-east-1',
    'us-east-2',
    'us-west-1',
    'us-west-2',
  ]);
  await expect(regions({ RegionNames: ['moon-1'] })).rejects.toEqual(
    refusal('InvalidParameterValue', /moon-1/),
  );
});

it('knows the zones of the region it is asked in', async ({ account }) => {
  const { AvailabilityZones } = await account.ec2.send(
    new DescribeAvailabilityZonesCommand({ ZoneNames: ['us-east-1b'] }),
  );
  expect(AvailabilityZones).toMatchObject([
    { ZoneName: 'us-east-1b', ZoneId: 'use1-az2', RegionName: 'us-east-1', State: 'available' },
  ]);
});

it('refuses, and says so aloud, a call that it does not have', async () => {
  const heard: string[] = [];
  await using other = await openAccount({ onNotice: (message) => heard.push(message) });
  const query = 'Action=DescribeVolumes&Version=2016-11-15';
  const response = await fetch(other.aws.url, {
    method: 'POST',
    body: query,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-amz-date': amzDate(),
      authorization: scopedTo('ec2'),
    },
  });
  expect(response.status).toBe(501);
  const requestId = response.headers.get('x-amzn-requestid');
  expect(await response.text()).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>InvalidAction</Code>' +
      '<Message>The action DescribeVolumes is not valid for this web service: local-aws does not have it for ec2.</Message>' +
      `</Error></Errors><RequestID>${requestId}</RequestID></Response>`,
  );
  expect(heard).toEqual([expect.stringContaining('DescribeVolumes')]);
});

it('a region that the account is not opted in to knows nobody', async ({ account: { client } }) => {
  const ask = (region: string) => client(EC2Client, { region }).send(new DescribeRegionsCommand({}));
  await expect(ask('af-south-1')).rejects.toEqual(refusal('AuthFailure', undefined, 401));
  await using other = await openAccount({ optInRegions: ['af-south-1'] });
  const { Regions } = await other
    .client(EC2Client, { region: 'af-south-1' })
    .send(new DescribeRegionsCommand({ RegionNames: ['af-south-1', 'me-south-1'] }));
  expect(Regions!.map(({ OptInStatus }) => OptInStatus)).toEqual(['opted-in', 'not-opted-in']);
  const own = await other.ec2.send(new DescribeRegionsCommand({}));
  expect(own.Regions!.map(({ RegionName }) => RegionName)).toContain('af-south-1');
});
