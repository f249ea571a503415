import type { XmlElements } from '../../query/xml.ts';
import type { Tag } from '../resources.ts';

/** `tagSet` as every described resource has it; left out where there are no tags, as EC2 does. */
export function tagSet(tags: readonly Tag[]): XmlElements | undefined {
  return tags.length === 0 ? undefined : { item: tags.map(({ key, value }) => ({ key, value })) };
}
