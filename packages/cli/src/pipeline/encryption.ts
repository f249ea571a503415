import type { Cloud } from '../aws/cloud.ts';
import type { ImportRequest } from '../config/import-request.ts';
import { UsageError } from '../errors/cli-error.ts';
import type { RunView } from './progress.ts';

/** What a snapshot is to be encrypted with; empty where the account decides. */
export interface Encryption {
  readonly encrypted?: true;
  /** Undefined: the account's default key for EBS. */
  readonly kmsKeyArn?: string;
}

/**
 * The key that the request names for a region, as it is written there.
 *
 * @throws UsageError `KMS_KEY_MISSING`, `KMS_KEY_ELSEWHERE`
 */
export function kmsKeyFor(
  { name, encryption }: Pick<ImportRequest, 'name' | 'encryption'>,
  { region }: Pick<Cloud, 'region'>,
): string | undefined {
  const { kmsKey } = encryption ?? {};
  const key = typeof kmsKey === 'object' ? kmsKey[region] : kmsKey;
  if (kmsKey !== undefined && key === undefined) {
    throw new UsageError('KMS_KEY_MISSING', `${name}: kms-key names no key for ${region}`, {
      hint: `Add ${region} to the mapping, or leave kms-key out to use the account's default key.`,
      facts: { region },
    });
  }
  const keyRegion = key?.startsWith('arn:') ? key.split(':')[3] : region;
  if (keyRegion !== region) {
    throw new UsageError('KMS_KEY_ELSEWHERE', `${name}: ${key} is a key of ${keyRegion}, not of ${region}`, {
      hint: `Give a key of ${region}: a snapshot is encrypted with a key of its own region.`,
      facts: { region, kmsKey: key },
    });
  }
  return key;
}

/** Before anything is downloaded for it: whether the key is there, and can be used. */
export async function encryptionFor({
  request,
  cloud,
  view,
  signal,
}: {
  readonly request: ImportRequest;
  readonly cloud: Cloud;
  readonly view: Pick<RunView, 'notice'>;
  readonly signal: AbortSignal;
}): Promise<Encryption> {
  if (!request.encryption) return {};
  const key = kmsKeyFor(request, cloud);
  if (key === undefined) return { encrypted: true };
  const { findKmsKey } = await import('../aws/kms-key.ts');
  const kmsKeyArn = await findKmsKey({
    connection: cloud.connection,
    key,
    signal,
    onNotice: (message) => view.notice(message, request.name),
  });
  return { encrypted: true, kmsKeyArn };
}
