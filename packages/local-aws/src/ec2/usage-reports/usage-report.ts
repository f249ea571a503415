import type { XmlElements } from '../../query/xml.ts';
import type { InstanceFacts } from '../instances/instance.ts';
import type { LaunchTemplateFacts } from '../launch-templates/launch-template.ts';
import type { Ec2Context } from '../operation.ts';
import type { Resource } from '../resources.ts';
import { tagSet } from '../tags/tag-answer.ts';
import { factsOfOtherAccounts } from './other-accounts.ts';

export const reportedTypes = [
  'ec2:Instance',
  'ec2:LaunchTemplate',
  'imagebuilder:ImageRecipe',
  'imagebuilder:ContainerRecipe',
] as const;
export type ReportedType = (typeof reportedTypes)[number];

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/your-ec2-ami-usage.html */
export const reportLifeMs = 30 * 24 * 3_600_000;
const unseenInstancesMs = 24 * 3_600_000;

export interface UsageReportEntry {
  readonly type: ReportedType;
  readonly accountId: string;
  readonly count: number;
}

export interface UsageReportFacts {
  readonly imageId: string;
  readonly types: readonly { readonly type: ReportedType; readonly depth?: number }[];
  readonly accountIds: readonly string[];
  /** Milliseconds since the epoch: pending until then. */
  readonly settlesAt: number;
  readonly entries: readonly UsageReportEntry[];
}

export type UsageReport = Resource<UsageReportFacts>;

export function reportState({ settlesAt }: UsageReportFacts, now: number): 'pending' | 'available' {
  return settlesAt <= now ? 'available' : 'pending';
}

export function describedReport({ id, createdAt, facts, tags }: UsageReport, now: number): XmlElements {
  return {
    imageId: facts.imageId,
    reportId: id,
    resourceTypeSet: {
      item: facts.types.map(({ type, depth }) => ({
        resourceType: type,
        resourceTypeOptionSet: {
          item:
            depth === undefined
              ? []
              : [{ optionName: 'version-depth', optionValueSet: { item: [String(depth)] } }],
        },
      })),
    },
    accountIdSet: { item: [...facts.accountIds] },
    state: reportState(facts, now),
    creationTime: new Date(createdAt),
    expirationTime: new Date(createdAt + reportLifeMs),
    tagSet: tagSet(tags),
  };
}

/**
 * What other accounts use an AMI with. An instance of the last day does not show yet; of Image Builder's recipes there are
 * none here.
 */
export function usesByOthers(
  { imageId, types, accountIds }: Pick<UsageReportFacts, 'imageId' | 'types' | 'accountIds'>,
  { store, region, accountId, now }: Ec2Context,
): UsageReportEntry[] {
  const place = { region, accountId };
  const users = types.flatMap(({ type, depth }): Omit<UsageReportEntry, 'count'>[] => {
    if (type === 'ec2:Instance')
      return factsOfOtherAccounts<InstanceFacts>(store, 'instance', place)
        .filter(({ facts, createdAt }) => facts.imageId === imageId && createdAt <= now() - unseenInstancesMs)
        .map((user) => ({ type, accountId: user.accountId }));
    if (type === 'ec2:LaunchTemplate')
      return factsOfOtherAccounts<LaunchTemplateFacts>(store, 'launch-template', place)
        .filter(({ facts }) => facts.versions.slice(-depth!).some(({ data }) => data.imageId === imageId))
        .map((user) => ({ type, accountId: user.accountId }));
    return [];
  });
  const counts = new Map<string, UsageReportEntry>();
  for (const user of users) {
    if (accountIds.length > 0 && !accountIds.includes(user.accountId)) continue;
    const key = `${user.accountId} ${user.type}`;
    counts.set(key, { ...user, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
}
