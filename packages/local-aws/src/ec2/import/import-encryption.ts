import { findKey, whyUnusable } from '../../kms/keys.ts';
import { invalidParameterValue } from '../errors.ts';
import { type AccountRegion, encryptionFor, keyFor } from '../region-settings.ts';
import type { ImportTaskFacts } from './import-task.ts';

interface AskedEncryption {
  readonly Encrypted?: boolean;
  readonly KmsKeyId?: string;
}

/**
 * EC2 checks the key later than the rest, says the model of `KmsKeyId`: one that is there but cannot be used fails the
 * task. The refusal of one that is not there is in EC2's words: https://github.com/hashicorp/packer-plugin-amazon/issues/225
 */
export function importEncryption(
  { Encrypted: encrypted, KmsKeyId: given }: AskedEncryption,
  place: AccountRegion,
): Pick<ImportTaskFacts, 'encrypted' | 'kmsKeyId' | 'fails'> {
  const key = given === undefined ? undefined : findKey(place.store, place, given);
  if (given !== undefined && !key) {
    throw invalidParameterValue(
      'The specified KMS key is not accessible. If this is a default EBS CMK, please retry your request without specifying the key explicitly',
    );
  }
  const used = keyFor({ encrypted, kmsKeyId: key?.arn }, place);
  const reason = used && whyUnusable(used);
  return {
    ...encryptionFor({ encrypted, kmsKeyId: key?.arn }, place),
    ...(reason !== undefined && {
      fails: { statusMessage: `ClientError: KMS key ${reason}`, status: 'deleted' },
    }),
  };
}
