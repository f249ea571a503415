import { list, oneOf, required, string, structure } from '../../query/shape.ts';
import { oncePerToken } from '../client-tokens.ts';
import { invalidParameterValue } from '../errors.ts';
import { compileFilters, filterList } from '../filters.ts';
import type { ImageFacts } from '../images/image.ts';
import { listResources, rendered } from '../listing.ts';
import { operation } from '../operation.ts';
import { pageFields, pageOf, pageStart } from '../paging.ts';
import { specifiedTags, tagSpecifications } from '../tags/tag-rules.ts';
import {
  describedReport,
  reportedTypes,
  reportState,
  type UsageReport,
  type UsageReportFacts,
  usesByOthers,
} from './usage-report.ts';

const defaultDepth = 20;
const maxDepth = 10_000;

/** Of an AMI of the caller's alone; what it says is what is used at that time. */
export const createImageUsageReport = operation({
  fields: {
    ImageId: required(string),
    ResourceType: required(
      list(
        structure({
          ResourceType: required(oneOf(...reportedTypes)),
          ResourceTypeOption: list(
            structure({ OptionName: required(oneOf('version-depth')), OptionValue: list(string) }),
          ),
        }),
      ),
    ),
    AccountId: list(string),
    ClientToken: string,
    TagSpecification: tagSpecifications,
  },
  run(input, context) {
    const { store, resources, accountId, region, settings, now } = context;
    const { ClientToken: token, ...request } = input;
    const types = input.ResourceType.map(({ ResourceType: type, ResourceTypeOption: options }) => {
      if (type !== 'ec2:LaunchTemplate' && options.length > 0) {
        throw invalidParameterValue('Options are supported for ec2:LaunchTemplate only.');
      }
      return { type, ...(type === 'ec2:LaunchTemplate' && { depth: depthOf(options[0]?.OptionValue[0]) }) };
    });
    const { id: imageId } = resources.get<ImageFacts>('image', input.ImageId);
    const tags = specifiedTags(input.TagSpecification, 'image-usage-report');
    const reportId = store.transaction(() =>
      oncePerToken(store, { accountId, region, operation: 'CreateImageUsageReport', token, request }, () => {
        const asked = { imageId, types, accountIds: input.AccountId };
        const facts: UsageReportFacts = {
          ...asked,
          settlesAt: now() + settings.usageReportMs,
          entries: usesByOthers(asked, context),
        };
        return resources.insert('image-usage-report', { facts, tags }).id;
      }),
    );
    return { reportId };
  },
});

function depthOf(value: string | undefined): number {
  const depth = Number(value ?? defaultDepth);
  if (!Number.isInteger(depth) || depth < 1 || depth > maxDepth) {
    throw invalidParameterValue(`version-depth must be an integer between 1 and ${maxDepth}.`);
  }
  return depth;
}

const reportFields = { ImageId: list(string), ReportId: list(string), Filter: filterList, ...pageFields };

export const describeImageUsageReports = operation({
  fields: reportFields,
  run(input, { resources, conditions, now }) {
    const { items, nextToken } = listResources<UsageReportFacts>({
      resources,
      conditions,
      type: 'image-usage-report',
      ids: input.ReportId,
      filters: input.Filter,
      fields: {
        'creation-time': ({ createdAt }) => new Date(createdAt).toISOString(),
        state: ({ facts }) => reportState(facts, now()),
      },
      isWanted: isOf(input.ImageId),
      request: input,
      limits: { min: 1, max: 1000 },
    });
    return {
      imageUsageReportSet: { item: rendered(items, (one) => describedReport(one, now())) },
      nextToken,
    };
  },
});

export const describeImageUsageReportEntries = operation({
  fields: reportFields,
  run(input, { resources, conditions, now }) {
    const { items: reports } = listResources<UsageReportFacts>({
      resources,
      conditions,
      type: 'image-usage-report',
      ids: input.ReportId,
      filters: [],
      fields: {},
      isWanted: isOf(input.ImageId),
      request: {},
      limits: { min: 1, max: 1000 },
    });
    const entries = [...reports]
      .filter(({ facts }) => reportState(facts, now()) === 'available')
      .flatMap(({ id, createdAt, facts }) => facts.entries.map((entry) => ({ id, createdAt, facts, entry })));
    const { matches } = compileFilters<(typeof entries)[number] & { readonly tags: [] }>(input.Filter, {
      'account-id': ({ entry }) => entry.accountId,
      'creation-time': ({ createdAt }) => new Date(createdAt).toISOString(),
      'resource-type': ({ entry }) => entry.type,
    });
    const keyOf = ({ id, entry }: (typeof entries)[number]) => `${id} ${entry.accountId} ${entry.type}`;
    const start = pageStart(input);
    const { items, nextToken } = pageOf(
      entries
        .filter((one) => keyOf(one) > start && matches({ ...one, tags: [] }))
        .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
      { request: input, limits: { min: 1, max: 1000 }, conditions, keyOf },
    );
    return {
      imageUsageReportEntrySet: {
        item: rendered(items, ({ id, createdAt, facts: { imageId }, entry }) => ({
          resourceType: entry.type,
          reportId: id,
          usageCount: entry.count,
          accountId: entry.accountId,
          imageId,
          reportCreationTime: new Date(createdAt),
        })),
      },
      nextToken,
    };
  },
});

export const deleteImageUsageReport = operation({
  fields: { ReportId: required(string) },
  run({ ReportId: id }, { store, resources }) {
    store.transaction(() => {
      resources.get<UsageReportFacts>('image-usage-report', id);
      resources.remove(id);
    });
    return { return: true };
  },
});

function isOf(imageIds: readonly string[]): (report: UsageReport) => boolean {
  return ({ facts }) => imageIds.length === 0 || imageIds.includes(facts.imageId);
}
