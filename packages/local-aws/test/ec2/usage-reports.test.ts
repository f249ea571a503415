import {
  CreateImageUsageReportCommand,
  type CreateImageUsageReportCommandInput,
  CreateLaunchTemplateCommand,
  DeleteImageUsageReportCommand,
  DescribeImageUsageReportEntriesCommand,
  DescribeImageUsageReportsCommand,
  EC2Client,
  paginateDescribeImageUsageReportEntries,
} from '@aws-sdk/client-ec2';
import { seedEc2 } from '../../src/ec2/seed.ts';
import { describe, expect, openAccount, refusal, type TestAccount, testWith } from '../support/account.ts';

const another = {
  accessKeyId: 'AKIAOTHERACCOUNT0000',
  secretAccessKey: 'another',
  accountId: '210987654321',
};
const ami = (n: number) => `ami-${n.toString(16).padStart(17, '0')}`;
const hoursAgo = (hours: number) => Date.now() - hours * 3_600_000;

const test = testWith({ credentials: [another] }, async (account) => {
  const { directory } = account;
  seedEc2({
    directory,
    images: [1, 2].map((n) => ({ id: ami(n), name: `image ${n}`, snapshotIds: [] })),
    instances: [{ imageId: ami(1), createdAt: hoursAgo(48) }],
  });
  seedEc2({
    directory,
    accountId: another.accountId,
    instances: [48, 25, 23].map((hours) => ({ imageId: ami(1), createdAt: hoursAgo(hours) })),
  });
  seedEc2({
    directory,
    accountId: another.accountId,
    region: 'eu-west-1',
    instances: [{ imageId: ami(2), createdAt: hoursAgo(48) }],
  });
  const theirs = account.client(EC2Client, { credentials: another });
  await theirs.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: 'web',
      LaunchTemplateData: { ImageId: ami(1) },
    }),
  );
});

const every = [{ ResourceType: 'ec2:Instance' }, { ResourceType: 'ec2:LaunchTemplate' }];

async function report(
  { ec2 }: TestAccount,
  n: number,
  more: Partial<CreateImageUsageReportCommandInput> = {},
): Promise<string> {
  const command = new CreateImageUsageReportCommand({ ImageId: ami(n), ResourceTypes: every, ...more });
  return (await ec2.send(command)).ReportId!;
}

async function entries({ ec2 }: TestAccount, reportId: string) {
  const { ImageUsageReportEntries } = await ec2.send(
    new DescribeImageUsageReportEntriesCommand({ ReportIds: [reportId] }),
  );
  return ImageUsageReportEntries!.map(({ AccountId, ResourceType, UsageCount }) => [
    AccountId,
    ResourceType,
    UsageCount,
  ]);
}

describe('a usage report', () => {
  test('counts what other accounts use an AMI with, but for the instances of the last day', async ({
    account,
  }) => {
    expect(await entries(account, await report(account, 1))).toEqual([
      [another.accountId, 'ec2:Instance', 2],
      [another.accountId, 'ec2:LaunchTemplate', 1],
    ]);
    expect(await entries(account, await report(account, 2))).toEqual([]);
  });

  test('is limited to types and accounts', async ({ account }) => {
    const ofTemplates = { ResourceTypes: [{ ResourceType: 'ec2:LaunchTemplate' }] };
    expect(await entries(account, await report(account, 1, ofTemplates))).toHaveLength(1);
    expect(await entries(account, await report(account, 1, { AccountIds: ['333333333333'] }))).toEqual([]);
  });

  test('is found by its AMI, has its tags, ends after 30 days, and is deleted', async ({ account }) => {
    const { ec2 } = account;
    const Tags = [{ Key: 'for', Value: 'this' }];
    const ReportId = await report(account, 2, {
      TagSpecifications: [{ ResourceType: 'image-usage-report', Tags }],
    });
    const ofAmi = async () =>
      (await ec2.send(new DescribeImageUsageReportsCommand({ ImageIds: [ami(2)] }))).ImageUsageReports!;
    const found = (await ofAmi()).find((one) => one.ReportId === ReportId)!;
    expect(found).toMatchObject({ ImageId: ami(2), State: 'available', Tags });
    expect(found.ExpirationTime!.getTime() - found.CreationTime!.getTime()).toBe(30 * 24 * 3_600_000);
    expect(found.ResourceTypes).toMatchObject([
      { ResourceType: 'ec2:Instance' },
      {
        ResourceType: 'ec2:LaunchTemplate',
        ResourceTypeOptions: [{ OptionName: 'version-depth', OptionValues: ['20'] }],
      },
    ]);
    await ec2.send(new DeleteImageUsageReportCommand({ ReportId }));
    expect((await ofAmi()).map((one) => one.ReportId)).not.toContain(ReportId);
    await expect(ec2.send(new DeleteImageUsageReportCommand({ ReportId }))).rejects.toEqual(
      refusal('InvalidImageUsageReportId.NotFound'),
    );
  });

  test('is made once for a token', async ({ account }) => {
    const ClientToken = 'once';
    expect(await report(account, 1, { ClientToken })).toBe(await report(account, 1, { ClientToken }));
    await expect(report(account, 2, { ClientToken })).rejects.toEqual(refusal('IdempotentParameterMismatch'));
  });

  test('has its entries in pages, which can be filtered', async ({ account }) => {
    const ReportIds = [await report(account, 1)];
    const pages = paginateDescribeImageUsageReportEntries(
      { client: account.ec2, pageSize: 1 },
      { ReportIds },
    );
    const sizes = [];
    for await (const page of pages) sizes.push(page.ImageUsageReportEntries?.length);
    expect(sizes).toEqual([1, 1]);
    const Filters = [{ Name: 'resource-type', Values: ['ec2:Instance'] }];
    const { ImageUsageReportEntries } = await account.ec2.send(
      new DescribeImageUsageReportEntriesCommand({ ReportIds, Filters }),
    );
    expect(ImageUsageReportEntries).toHaveLength(1);
  });

  test.for<[string, Partial<CreateImageUsageReportCommandInput>, string]>([
    ["somebody else's AMI", { ImageId: ami(9) }, 'InvalidAMIID.NotFound'],
    [
      'options of instances',
      {
        ResourceTypes: [
          {
            ResourceType: 'ec2:Instance',
            ResourceTypeOptions: [{ OptionName: 'version-depth', OptionValues: ['3'] }],
          },
        ],
      },
      'InvalidParameterValue',
    ],
    [
      'a depth that is none',
      {
        ResourceTypes: [
          {
            ResourceType: 'ec2:LaunchTemplate',
            ResourceTypeOptions: [{ OptionName: 'version-depth', OptionValues: ['10001'] }],
          },
        ],
      },
      'InvalidParameterValue',
    ],
  ])('is refused for %s', async ([, more, code], { account }) => {
    await expect(report(account, 1, more)).rejects.toEqual(refusal(code));
  });
});

test('a report is pending at first, and has no entries then', async () => {
  await using account = await openAccount({ ec2: { usageReportMs: 60_000 } });
  seedEc2({ directory: account.directory, images: [{ id: ami(1), name: 'image', snapshotIds: [] }] });
  const ReportIds = [await report(account, 1)];
  const { ImageUsageReports } = await account.ec2.send(new DescribeImageUsageReportsCommand({ ReportIds }));
  expect(ImageUsageReports).toMatchObject([{ State: 'pending' }]);
  expect(await entries(account, ReportIds[0]!)).toEqual([]);
});
