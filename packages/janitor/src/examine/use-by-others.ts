import { randomUUID } from 'node:crypto';
import {
  CreateImageUsageReportCommand,
  DeleteImageUsageReportCommand,
  DescribeImageUsageReportEntriesCommand,
  DescribeImageUsageReportsCommand,
  type ImageUsageReport,
  type ImageUsageReportEntry,
  type ImageUsageResourceTypeRequest,
} from '@aws-sdk/client-ec2';
import { allPages, findConsistently, policies, refusedCodeOf, retry, waitUntil } from '@ec2-image/aws-call';
import { retiredKey, tagList, tagRecord } from '@ec2-image/provenance';
import { gaveUpWaiting } from '../errors.ts';
import type { ImageFact } from '../facts.ts';
import type { Ec2 } from '../senders.ts';
import { isUnknownAction } from './unknown-action.ts';

/** Undefined: the endpoint has no usage reports. */
export type UseByOthers = readonly string[] | undefined;

/** All that a launch template can have: the default of 20 would leave the older versions unseen. */
const everything: ImageUsageResourceTypeRequest[] = [
  { ResourceType: 'ec2:Instance' },
  {
    ResourceType: 'ec2:LaunchTemplate',
    ResourceTypeOptions: [{ OptionName: 'version-depth', OptionValues: ['10000'] }],
  },
  { ResourceType: 'imagebuilder:ImageRecipe' },
  { ResourceType: 'imagebuilder:ContainerRecipe' },
];

/**
 * With what other accounts use an AMI, by a usage report that is made for it and deleted again, as is one that an earlier
 * run left. What they did in the last day, with launch templates in the last days, it does not say.
 *
 * @returns `2 × ec2:Instance in 210987654321`
 * @throws AwsCallError where it may not be made or read; JanitorError `GAVE_UP_WAITING`
 */
export async function findUseByOthers(
  ec2: Ec2,
  { imageId }: Pick<ImageFact, 'imageId'>,
  account: string,
): Promise<UseByOthers> {
  try {
    await deleteEarlier(ec2, imageId);
    const reportId = await createReport(ec2, imageId);
    try {
      await untilAvailable(ec2, reportId);
      return (await entriesOf(ec2, reportId))
        .filter(({ AccountId }) => AccountId !== account)
        .map(
          ({ AccountId, ResourceType, UsageCount = 1 }) => `${UsageCount} × ${ResourceType} in ${AccountId}`,
        );
    } finally {
      await deleteReport(ec2, reportId);
    }
  } catch (error) {
    if (isUnknownAction(error)) return undefined;
    throw error;
  }
}

/** Those that killed runs have left: a single look may not show them, and once the AMI is gone nobody looks again. */
async function deleteEarlier(ec2: Ec2, imageId: string): Promise<void> {
  const find = async () => {
    const reports = await reportsOf(ec2, { ImageIds: [imageId] });
    const ours = reports.filter(({ Tags }) => tagRecord(Tags)[retiredKey] === imageId);
    return ours.length > 0 ? ours : undefined;
  };
  for (const { ReportId } of (await findConsistently(ec2, find)) ?? []) await deleteReport(ec2, ReportId!);
}

async function createReport(ec2: Ec2, imageId: string): Promise<string> {
  const command = new CreateImageUsageReportCommand({
    ImageId: imageId,
    ResourceTypes: everything,
    ClientToken: randomUUID(),
    TagSpecifications: [{ ResourceType: 'image-usage-report', Tags: tagList({ [retiredKey]: imageId }) }],
  });
  const { ReportId } = await retry(ec2, { policy: policies.updateImage, call: () => ec2.send(command) });
  return ReportId!;
}

async function untilAvailable(ec2: Ec2, reportId: string): Promise<void> {
  await waitUntil(ec2, {
    policy: policies.usageReport,
    async ask() {
      const found = await reportsOf(ec2, { ReportIds: [reportId] });
      const { State, StateReason } = found[0] ?? {};
      if (State === 'error')
        throw new Error(`EC2 could not make a usage report: ${StateReason ?? 'no reason given'}`);
      return State === 'available' || undefined;
    },
    onTimeout: gaveUpWaiting(`usage report ${reportId} of EC2`),
  });
}

async function reportsOf(
  ec2: Ec2,
  which: { readonly ImageIds: string[] } | { readonly ReportIds: string[] },
): Promise<ImageUsageReport[]> {
  try {
    return await allPages(async (token) => {
      const page = await ec2.send(new DescribeImageUsageReportsCommand({ ...which, NextToken: token }));
      return { items: page.ImageUsageReports, nextToken: page.NextToken };
    });
  } catch (error) {
    // One that was made a moment ago may not be known everywhere.
    if (isNotFound(error)) return [];
    throw error;
  }
}

function entriesOf(ec2: Ec2, reportId: string): Promise<ImageUsageReportEntry[]> {
  return allPages(async (token) => {
    const page = await ec2.send(
      new DescribeImageUsageReportEntriesCommand({ ReportIds: [reportId], NextToken: token }),
    );
    return { items: page.ImageUsageReportEntries, nextToken: page.NextToken };
  });
}

async function deleteReport(ec2: Ec2, reportId: string): Promise<void> {
  try {
    await retry(ec2, {
      policy: policies.remove,
      call: () => ec2.send(new DeleteImageUsageReportCommand({ ReportId: reportId })),
    });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function isNotFound(error: unknown): boolean {
  return /NotFound$/.test(refusedCodeOf(error) ?? '');
}
