import { CreateTagsCommand, DescribeTagsCommand } from '@aws-sdk/client-ec2';
import {
  allPages,
  isAboutCredentials,
  isTransient,
  pause,
  policies,
  refusedCodeOf,
} from '@ec2-image/aws-call';
import { type Tags, tagList, tagRecord } from '@ec2-image/provenance';
import { createEc2, type Ec2, type Ec2Options } from './ec2/ec2.ts';
import { Ec2ImportError } from './errors.ts';

export interface TagResourcesOptions extends Ec2Options {
  /** AMIs, snapshots, import tasks: anything that EC2 tags; 200 at most. */
  readonly ids: readonly string[];
  readonly tags: Tags;
  /** Keys whose value is corrected where it is another. Default none. */
  readonly overwrite?: readonly string[];
  /** How long to retry where EC2 does not see a resource or its tags yet, or throttles. Default 3 minutes. */
  readonly tagTimeoutMs?: number;
}

export interface TagReport {
  readonly id: string;
  /** Keys that were missing, or to be overwritten, and are there. */
  readonly added: readonly string[];
  /** Keys that have another value, which was left alone. */
  readonly differing: readonly { readonly key: string; readonly wanted: string; readonly found: string }[];
}

/** How often a written tag must not show before it is written again. */
const looksBeforeRewriting = 3;

/**
 * Adds the tags that are missing, leaves those that are there and need not be overwritten, and reads back until EC2 shows them all. With nothing
 * missing it writes nothing.
 *
 * @throws Ec2ImportError `TAGS_INCOMPLETE`, with `missing` (keys by resource) and the reason as its cause
 */
export async function tagResources(options: TagResourcesOptions): Promise<TagReport[]> {
  const { ids, tags, overwrite = [], tagTimeoutMs = policies.tags.limitMs } = options;
  const ec2 = createEc2(options);
  const deadline = ec2.elapsed() + tagTimeoutMs;
  const added = new Map<string, Set<string>>(ids.map((id) => [id, new Set()]));
  const looksSinceWrite = new Map<string, number>();
  let missing: Map<string, Tags> | undefined;
  for (let n = 1; ; n += 1) {
    let reason: unknown;
    try {
      const existing = await readTags(ec2, ids);
      missing = new Map(
        ids
          .map((id) => [id, tagsToWrite({ existing: existing.get(id) ?? {}, tags, overwrite })] as const)
          .filter(([, lacking]) => Object.keys(lacking).length > 0),
      );
      if (missing.size === 0) return ids.map((id) => report(id, existing.get(id) ?? {}));
      for (const [id, lacking] of missing) {
        const looks = looksSinceWrite.get(id) ?? looksBeforeRewriting;
        looksSinceWrite.set(id, looks + 1);
        if (looks < looksBeforeRewriting) continue;
        await ec2.send(new CreateTagsCommand({ Resources: [id], Tags: tagList(lacking) }));
        looksSinceWrite.set(id, 0);
        for (const key of Object.keys(lacking)) added.get(id)?.add(key);
      }
    } catch (error) {
      ec2.signal?.throwIfAborted();
      // A resource made a moment ago may not be known everywhere.
      if (!isTransient(error) && !/NotFound$/.test(refusedCodeOf(error) ?? ''))
        throw incomplete(ids, { missing, cause: error });
      reason = error;
    }
    if (ec2.elapsed() >= deadline) throw incomplete(ids, { missing, cause: reason });
    // The first read-back comes at once.
    if (n > 1 || reason) await pause(ec2, { n, pace: policies.tags });
  }

  function report(id: string, existing: Tags): TagReport {
    return { id, added: [...(added.get(id) ?? [])], differing: differingTags({ existing, wanted: tags }) };
  }
}

/** What {@link tagResources} writes: the tags whose key is missing, or to be overwritten and has another value. */
export function tagsToWrite({
  existing,
  tags,
  overwrite = [],
}: Pick<TagResourcesOptions, 'tags' | 'overwrite'> & { readonly existing: Tags }): Record<string, string> {
  const isWrong = (key: string) => overwrite.includes(key) && existing[key] !== tags[key];
  const right = Object.fromEntries(Object.entries(existing).filter(([key]) => !isWrong(key)));
  return missingTags({ existing: right, wanted: tags });
}

/** The wanted tags whose key is not there. */
export function missingTags({ existing, wanted }: { existing: Tags; wanted: Tags }): Record<string, string> {
  return Object.fromEntries(Object.entries(wanted).filter(([key]) => !Object.hasOwn(existing, key)));
}

/** The wanted tags whose key is there with another value. */
export function differingTags({
  existing,
  wanted,
}: {
  existing: Tags;
  wanted: Tags;
}): TagReport['differing'] {
  return Object.entries(wanted).flatMap(([key, value]) => {
    const found = Object.hasOwn(existing, key) ? existing[key] : undefined;
    return found === undefined || found === value ? [] : [{ key, wanted: value, found }];
  });
}

async function readTags(ec2: Ec2, ids: readonly string[]): Promise<Map<string, Record<string, string>>> {
  const list = await allPages(async (NextToken) => {
    const page = await ec2.send(
      new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [...ids] }], NextToken }),
    );
    return { items: page.Tags, nextToken: page.NextToken };
  });
  return new Map(ids.map((id) => [id, tagRecord(list.filter(({ ResourceId }) => ResourceId === id))]));
}

/** Without `missing`, EC2 did not even show what is there. */
function incomplete(
  ids: readonly string[],
  { missing, cause }: { readonly missing: ReadonlyMap<string, Tags> | undefined; readonly cause: unknown },
): Ec2ImportError {
  const what = missing
    ? [...missing].map(([id, lacking]) => `${id} lacks ${Object.keys(lacking).join(', ')}`).join('; ')
    : `the tags of ${ids.join(', ')} cannot be read`;
  const why = cause instanceof Error ? `: ${cause.message}` : ', though EC2 took them';
  return new Ec2ImportError('TAGS_INCOMPLETE', `${what}${why}`, {
    hint: isAboutCredentials(cause)
      ? cause.hint
      : 'Allow ec2:CreateTags and ec2:DescribeTags; then run the same command again, or add the missing tags of an AMI with `ec2-image tag-fix`.',
    cause,
    facts: {
      missing: Object.fromEntries([...(missing ?? [])].map(([id, lacking]) => [id, Object.keys(lacking)])),
    },
  });
}
