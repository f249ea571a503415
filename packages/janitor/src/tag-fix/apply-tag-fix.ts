import { CreateTagsCommand } from '@aws-sdk/client-ec2';
import { type CallOptions, policies, waitUntil } from '@ec2-image/aws-call';
import { type Tags, tagList } from '@ec2-image/provenance';
import type { RegionalClients } from '../clients.ts';
import { gaveUpWaiting } from '../errors.ts';
import { missingOf } from '../missing-tags.ts';
import { all } from '../scan/all.ts';
import { scanImages } from '../scan/images.ts';
import { scanSnapshots } from '../scan/snapshots.ts';
import { createSenders, type Ec2 } from '../senders.ts';
import type { TagFixPlan } from './plan-tag-fix.ts';
import type { TagFix } from './tag-fix.ts';

export interface ApplyTagFixOptions extends CallOptions {
  readonly plan: TagFixPlan;
  readonly clients: RegionalClients;
  readonly onOutcome?: (outcome: TagFixOutcome) => void;
}

export interface TagFixOutcome {
  readonly fix: TagFix;
  /** `tagged`: a read shows the tags. `unchanged`: they had come meanwhile. */
  readonly outcome: 'tagged' | 'unchanged' | 'failed';
  /** As last read. */
  readonly after: Tags;
  readonly detail?: string;
}

/** Adds what is missing and overwrites what is to be replaced, after reading the tags again so that nothing newer is, and reads them back. No call is made for a resource that lacks nothing. */
export async function applyTagFix(options: ApplyTagFixOptions): Promise<TagFixOutcome[]> {
  const outcomes: TagFixOutcome[] = [];
  const senders = createSenders(options);
  for (const fix of options.plan.fixes) {
    if (Object.keys({ ...fix.add, ...fix.replace }).length === 0) continue;
    const outcome = await applyOne(fix, senders.ec2(fix.region));
    options.signal?.throwIfAborted();
    outcomes.push(outcome);
    options.onOutcome?.(outcome);
  }
  return outcomes;
}

async function applyOne(fix: TagFix, ec2: Ec2): Promise<TagFixOutcome> {
  let after: Tags = fix.before;
  try {
    after = await readTags(fix, ec2);
    const add = { ...missingOf(after, fix.add), ...stillWrong(after, fix) };
    if (Object.keys(add).length === 0) return { fix, outcome: 'unchanged', after };
    await ec2.send(new CreateTagsCommand({ Resources: [fix.id], Tags: tagList(add) }));
    await waitUntil(ec2, {
      policy: policies.tags,
      onTimeout: gaveUpWaiting(`the tags of ${fix.id} to appear`),
      async ask() {
        after = await readTags(fix, ec2);
        return Object.entries(add).every(([key, value]) => after[key] === value) || undefined;
      },
    });
    return { fix, outcome: 'tagged', after };
  } catch (error) {
    return { fix, outcome: 'failed', after, detail: (error as Error).message };
  }
}

/**
 * What is still as it was when it was found wrong.
 *
 * @throws where somebody has given it another value since: that is not for us to overwrite
 */
function stillWrong(after: Tags, { id, before, replace }: TagFix): Record<string, string> {
  const wrong = Object.entries(replace).filter(([key, value]) => after[key] !== value);
  const changed = wrong.find(([key]) => after[key] !== before[key]);
  if (changed) throw new Error(`the tag ${changed[0]} of ${id} was changed meanwhile`);
  return Object.fromEntries(wrong);
}

async function readTags({ kind, region, id }: TagFix, ec2: Ec2): Promise<Tags> {
  const at = { ec2, region };
  const found =
    kind === 'ami'
      ? await all(scanImages({ ...at, filters: [{ Name: 'image-id', Values: [id] }] }))
      : await all(scanSnapshots({ ...at, filters: [{ Name: 'snapshot-id', Values: [id] }] }));
  if (!found[0]) throw new Error(`${id} is gone`);
  return found[0].tags;
}
