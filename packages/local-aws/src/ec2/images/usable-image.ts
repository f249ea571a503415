import type { Store } from '../../store/store.ts';
import { openResources, ownerOf } from '../resources.ts';
import { type Image, type ImageFacts, imageState } from './image.ts';

/** Of whichever account, in the region; as it is. */
export function findImageAnywhere(
  store: Store,
  id: string,
  { region, now }: { readonly region: string; readonly now: () => number },
): Image | undefined {
  const accountId = ownerOf(store, { id, type: 'image', region });
  return accountId === undefined
    ? undefined
    : openResources({ store, accountId, region, now }).find<ImageFacts>('image', id);
}

/** The owner, and whoever it is shared with by account. */
export function mayLaunch({ facts }: Image, accountId: string): boolean {
  return (
    facts.ownerId === accountId ||
    (facts.launchPermissions ?? []).some(({ group, userId }) => group === 'all' || userId === accountId)
  );
}

export function isUsableImage(image: Image | undefined, accountId: string, now: number): boolean {
  return image !== undefined && mayLaunch(image, accountId) && imageState(image.facts, now) === 'available';
}
