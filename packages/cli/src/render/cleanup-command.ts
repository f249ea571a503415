import type { ImportRequest } from '../config/import-request.ts';
import { defaultKeyPrefix } from '../config/s3-settings.ts';
import type { ImageResult } from '../outcome.ts';
import { type AccountChoice, connectionFlags } from './connection-flags.ts';

/**
 * Arguments of the `ec2-image` that deletes what one image left in its account, at once: without `--older-than` the
 * janitor keeps for a day whatever a failed run has just made.
 */
export function cleanupCommand(
  { bucket, keyPrefix, via, session }: Pick<ImportRequest, 'bucket' | 'keyPrefix' | 'via' | 'session'>,
  { region, imageId, bootTest }: Pick<ImageResult, 'region' | 'imageId' | 'bootTest'>,
  account: AccountChoice,
): string[] {
  const flags: Record<string, string | undefined> = {
    '--region': region,
    '--bucket': via === 's3' ? bucket : undefined,
    '--key-prefix': keyPrefix === defaultKeyPrefix ? undefined : keyPrefix,
    // Of no use, but whole: the janitor takes it by its id alone.
    '--ami': bootTest?.booted === false ? (imageId ?? undefined) : undefined,
    '--older-than': '0s',
  };
  return [
    'janitor',
    ...Object.entries(flags).flatMap(([flag, value]) => (value === undefined ? [] : [flag, value])),
    ...connectionFlags(account, session),
    '--apply',
  ];
}
