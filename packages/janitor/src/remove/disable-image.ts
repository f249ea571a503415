import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DisableImageCommand,
  EnableImageCommand,
  type LaunchPermission,
  ModifyImageAttributeCommand,
} from '@aws-sdk/client-ec2';
import { policies, retry, waitUntil } from '@ec2-image/aws-call';
import {
  type DisabledMark,
  disabledKey,
  formatDisabledMark,
  formatStartedAt,
  launchPermissionsKey,
  notedLaunchPermissions,
  readDisabledMark,
  tagList,
} from '@ec2-image/provenance';
import { gaveUpWaiting } from '../errors.ts';
import { readPermissions } from '../examine/images.ts';
import type { ImageFact } from '../facts.ts';
import type { Ec2 } from '../senders.ts';
import { type ImageId, imageNow } from './image-now.ts';
import type { Removal, RemovalOptions } from './removal.ts';
import { unshareSnapshots } from './retired-snapshots.ts';

/** EC2 takes no longer value. */
const maxTagValue = 256;

export interface DisableOptions extends RemovalOptions {
  readonly because: DisabledMark['because'];
  /**
   * Undefined: an AMI that is shared is not disabled. `noted`: with whom is noted on it. `restorable`: the configuration
   * says with whom, so that it need not be, and its snapshots are unshared, too.
   */
  readonly unshare?: 'noted' | 'restorable';
}

/**
 * Notes who may launch it, disables it, and notes that too. A run that ends in between is completed by the next: what it
 * was about to do is on the AMI.
 */
export async function disableImage(image: ImageFact, options: DisableOptions): Promise<Removal> {
  const { senders, account, now, because, unshare } = options;
  const { region, imageId } = image;
  const ec2 = senders.ec2(region);
  const permissions = await readPermissions({ ec2, image, account });
  if (!permissions) return { outcome: 'gone' };
  if (permissions.sharedWith.length > 0 && unshare === undefined) {
    return { outcome: 'skipped', detail: `shared with ${permissions.sharedWith.join(', ')} meanwhile` };
  }
  // Those of an earlier run that could not complete its work are in its note alone.
  const noted = new Set([...notedLaunchPermissions(image.tags), ...permissions.launchPermissions]);
  if (unshare === 'restorable') for (const who of noted) if (who !== account) noted.delete(who);
  const mark = { at: formatStartedAt(new Date(now())), because };
  const seen = { region, imageId };
  await putTags(ec2, seen, {
    [disabledKey]: formatDisabledMark({ ...mark, phase: 'disabling' }),
    ...(noted.size > 0 && { [launchPermissionsKey]: noteOf([...noted]) }),
  });
  if (unshare === 'restorable') {
    // The AMI first: one that can be launched can be copied, too.
    await changePermissions(ec2, imageId, { Remove: permissions.sharedWith.map(permissionOf) });
    await unshareSnapshots(image, options);
  }
  await retry(ec2, {
    policy: policies.remove,
    call: () => ec2.send(new DisableImageCommand({ ImageId: imageId })),
  });
  await untilState(ec2, { ...seen, state: 'disabled' });
  await putTags(ec2, seen, { [disabledKey]: formatDisabledMark({ ...mark, phase: 'disabled' }) });
  return { outcome: 'disabled' };
}

/** Enables what the janitor disabled, for whom it was there before, and takes the notes off. */
export async function enableImage(
  image: ImageId,
  { senders, restoreSharing }: RemovalOptions,
): Promise<Removal> {
  const { region, imageId } = image;
  const ec2 = senders.ec2(region);
  const found = await imageNow(ec2, image);
  if (!found) return { outcome: 'gone' };
  const { tags } = found;
  const mark = readDisabledMark(tags);
  if (mark)
    await putTags(
      ec2,
      { region, imageId },
      { [disabledKey]: formatDisabledMark({ ...mark, phase: 'enabling' }) },
    );
  await retry(ec2, {
    policy: policies.remove,
    call: () => ec2.send(new EnableImageCommand({ ImageId: imageId })),
  });
  await untilState(ec2, { region, imageId, state: 'available' });
  await changePermissions(ec2, imageId, { Add: notedLaunchPermissions(tags).map(permissionOf) });
  if (mark?.because === 'retired') await restoreSharing?.(found);
  await retry(ec2, {
    policy: policies.tags,
    call: () =>
      ec2.send(
        new DeleteTagsCommand({
          Resources: [imageId],
          Tags: [{ Key: disabledKey }, { Key: launchPermissionsKey }],
        }),
      ),
  });
  await waitUntil(ec2, {
    policy: policies.tags,
    async ask() {
      const left = (await imageNow(ec2, { region, imageId }))?.tags ?? {};
      return (left[disabledKey] === undefined && left[launchPermissionsKey] === undefined) || undefined;
    },
    onTimeout: gaveUpWaiting(`the notes on ${imageId} to disappear`),
  });
  return { outcome: 'enabled' };
}

async function changePermissions(
  ec2: Ec2,
  imageId: string,
  change: { readonly Add: LaunchPermission[] } | { readonly Remove: LaunchPermission[] },
): Promise<void> {
  if (Object.values(change).flat().length === 0) return;
  const command = new ModifyImageAttributeCommand({ ImageId: imageId, LaunchPermission: change });
  await retry(ec2, { policy: policies.tags, call: () => ec2.send(command) });
}

/** Until they can be read: what is done next rests on them. */
async function putTags(ec2: Ec2, image: ImageId, tags: Record<string, string>): Promise<void> {
  await retry(ec2, {
    policy: policies.tags,
    call: () => ec2.send(new CreateTagsCommand({ Resources: [image.imageId], Tags: tagList(tags) })),
  });
  await waitUntil(ec2, {
    policy: policies.tags,
    async ask() {
      const now = (await imageNow(ec2, image))?.tags ?? {};
      return Object.entries(tags).every(([key, value]) => now[key] === value) || undefined;
    },
    onTimeout: gaveUpWaiting(`the tags of ${image.imageId} to appear`),
  });
}

async function untilState(
  ec2: Ec2,
  { state, ...image }: ImageId & { readonly state: string },
): Promise<void> {
  await waitUntil(ec2, {
    policy: policies.visible,
    ask: async () => (await imageNow(ec2, image))?.state === state || undefined,
    onTimeout: gaveUpWaiting(`${image.imageId} to be ${state}`),
  });
}

/** @throws Error where a tag cannot hold them all: then nothing is disabled */
function noteOf(permissions: readonly string[]): string {
  const note = permissions.join(' ');
  if (note.length > maxTagValue) throw new Error('too many launch permissions to note on the AMI');
  return note;
}

function permissionOf(who: string): LaunchPermission {
  if (who === 'all') return { Group: who };
  if (/^\d+$/.test(who)) return { UserId: who };
  return who.includes(':ou/') ? { OrganizationalUnitArn: who } : { OrganizationArn: who };
}
