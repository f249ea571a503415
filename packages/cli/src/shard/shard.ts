import type { Shard } from '../options/kinds/shard.ts';

/**
 * The images of a shard, in the order of the file. They are dealt out one by one, so that the shards differ by one image at most.
 *
 * @param names of all images, in the order of the file
 */
export function imagesOfShard(names: readonly string[], { index, count }: Shard): string[] {
  return names.filter((_, position) => position % count === index);
}

export function describeShard({ index, count }: Shard): string {
  return `${index}/${count}`;
}
