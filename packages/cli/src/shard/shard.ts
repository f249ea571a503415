/** A part of a configuration: the images whose turn it is when they are dealt out among `count` runs. */
export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

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
