import type { Facts, RetainedStream } from '@ec2-image/janitor';
import { provenanceKeys } from '@ec2-image/provenance';
import type { Audience } from '@ec2-image/publish';
import { bootTestOf } from '../config/boot-test.ts';
import { audienceOf } from '../config/publish-settings.ts';
import type { ConfigFile } from '../config/read-config.ts';
import { UsageError } from '../errors/cli-error.ts';
import type { ShareSetting } from '../options/kinds/publish.ts';
import type { RetentionSetting } from '../options/kinds/retention.ts';
import { didYouMean } from '../options/suggest.ts';
import type { PublishDemands } from '../pipeline/publish/publishable.ts';

/** One image, whose AMIs make a stream in each region and architecture. */
export interface RetiredImage {
  readonly retained: RetainedStream;
  /** Undefined: the configuration does not say. */
  readonly audience?: Audience;
  /** What an AMI must have shown before it is shared with them. */
  readonly demands: PublishDemands;
}

const defaultGraceMs = 30 * 24 * 3_600_000;

/**
 * The images of the command line, or those of the configuration that have `retain`.
 *
 * @throws UsageError `USAGE`, where one has no retention, or there are none
 */
export function retiredImages(
  names: readonly string[],
  given: {
    readonly config?: ConfigFile['config'];
    readonly retain?: RetentionSetting;
    readonly share?: ShareSetting;
  },
): RetiredImage[] {
  const { config } = given;
  const configured = Object.keys(config?.images ?? {});
  const wanted = names.length > 0 ? [...new Set(names)] : configured;
  const found = wanted.flatMap((name): RetiredImage[] => {
    const image = config && Object.hasOwn(config.images ?? {}, name) ? config.images![name] : undefined;
    const retention = given.retain ?? image?.retain ?? config?.retain;
    if (!retention) {
      if (names.length > 0) throw noRetention(name, configured);
      return [];
    }
    const share = given.share ?? image?.share ?? config?.share;
    return [
      {
        retained: retainedOf(name, retention, share !== undefined),
        ...(share && { audience: audienceOf(share) }),
        demands: {
          proof: image?.proof ?? config?.proof ?? 'full',
          needsBootTest: bootTestOf(image?.['boot-test'] ?? config?.['boot-test']) !== undefined,
        },
      },
    ];
  });
  if (found.length > 0) return found;
  throw new UsageError('USAGE', 'nothing to retire: no image has retain', {
    hint: 'Set retain in the configuration, or give --retain and the names of images.',
  });
}

/**
 * Nobody means to retire what there is nothing of: a name is misspelt, or another region meant. What could not be read may
 * have had it.
 *
 * @throws UsageError `USAGE`
 */
export function requireKnownImages(
  names: readonly string[],
  {
    images,
    snapshots,
    regions,
    gaps,
    configured,
  }: Pick<Facts, 'images' | 'snapshots' | 'regions' | 'gaps'> & { readonly configured: readonly string[] },
): void {
  if (gaps.length > 0) return;
  const found = [...images, ...snapshots].flatMap(({ tags }) => tags[provenanceKeys.name] ?? []);
  const known = new Set([...configured, ...found]);
  const unknown = names.find((name) => !known.has(name));
  if (unknown === undefined) return;
  const where = `in the configuration, and no AMI of it in ${regions.join(', ')}`;
  throw new UsageError('USAGE', `no image ${unknown} ${where}${didYouMean(unknown, [...known])}`, {
    hint: 'Correct the name, or name other regions with --region.',
  });
}

function retainedOf(
  name: string,
  { count = 1, age, grace }: RetentionSetting,
  sharedByConfiguration: boolean,
): RetainedStream {
  return {
    name,
    count,
    ...(age !== undefined && { ageMs: age * 1000 }),
    graceMs: grace === undefined ? defaultGraceMs : grace * 1000,
    sharedByConfiguration,
  };
}

function noRetention(name: string, configured: readonly string[]): UsageError {
  return configured.includes(name)
    ? new UsageError('USAGE', `${name} has no retain`, {
        hint: 'Set it in the configuration, or give --retain.',
      })
    : new UsageError('USAGE', `no image ${name} in the configuration${didYouMean(name, configured)}`, {
        hint: 'Correct the name, or give --retain: then the image need not be configured.',
      });
}
