import { isOneByFlags, type Requested } from '../config/import-request.ts';
import { UsageError } from '../errors/cli-error.ts';
import type { Shard } from '../options/kinds/shard.ts';
import { engineShard } from './engine-shard.ts';
import { imagesOfShard } from './shard.ts';

/** The images that a run imports of those of the file. */
export interface Part {
  readonly shard: Shard;
  readonly names: readonly string[];
  /** Of the file. */
  readonly images: number;
}

/**
 * The part of the file that this run is to import; undefined where it imports all that was asked for. Whoever names images, or
 * describes one by options, has chosen already: then the variables of an engine are not asked.
 *
 * @throws UsageError `USAGE` of a shard of chosen images; the codes of {@link engineShard}
 */
export function shardOf(
  requested: Requested,
  { given, env }: { readonly given?: Shard; readonly env: Readonly<Record<string, string | undefined>> },
): Part | undefined {
  const { names, file } = requested;
  const isChosen = names.length > 0 || isOneByFlags(requested);
  if (isChosen && given) {
    throw new UsageError(
      'USAGE',
      '--shard takes its images from a configuration file, not from the command line',
      {
        hint: 'Give a shard, or say which images: not both.',
      },
    );
  }
  const images = Object.keys(file?.config.images ?? {});
  if (isChosen || images.length === 0) return undefined;
  const shard = given ?? engineShard(env);
  return shard && { shard, names: imagesOfShard(images, shard), images: images.length };
}
