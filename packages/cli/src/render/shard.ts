import { describeShard } from '../shard/shard.ts';
import type { Part } from '../shard/shard-of.ts';

/** `Shard 2/8: 2 of 12 images: fedora-aws, debian; publishes nothing`. */
export function describePart({ shard, names, images }: Part): string {
  const which = names.length > 0 ? `: ${names.join(', ')}` : '';
  return `Shard ${describeShard(shard)}: ${names.length} of ${images} images${which}; publishes nothing`;
}
