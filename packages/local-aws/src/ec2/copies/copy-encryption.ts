import { volumeKeyActions, whyKeyDenied } from '../../kms/key-use.ts';
import { findKey, whyUnusable } from '../../kms/keys.ts';
import type { Ec2Context } from '../operation.ts';
import { encryptionFor } from '../region-settings.ts';
import type { SnapshotFacts } from '../snapshots/snapshot.ts';

/** https://docs.aws.amazon.com/ebs/latest/userguide/ebs-copy-snapshot.html: a copy that may not use a key ends so. */
const keyFailure = 'Given key ID is not accessible';

export interface CopyEncryption {
  readonly encrypted: boolean;
  readonly kmsKeyId?: string;
  /** EC2 checks the keys after it has answered: why the copy ends in an error. */
  readonly failure?: string;
}

/**
 * With no key named, a copy in the region keeps that of its source; a key is of one region, and elsewhere the region's
 * default key takes its place. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/how-ami-copy-works.html
 */
export function copyEncryption(
  source: Pick<SnapshotFacts, 'encrypted' | 'kmsKeyId'>,
  asked: {
    readonly sourceRegion: string;
    readonly Encrypted?: boolean | undefined;
    readonly KmsKeyId?: string | undefined;
  },
  context: Ec2Context,
): CopyEncryption {
  const { sourceRegion, KmsKeyId: given } = asked;
  const key = given === undefined ? undefined : findKey(context.store, context, given);
  if (given !== undefined && !key) return { encrypted: true, failure: keyFailure };
  const inRegion = sourceRegion === context.region;
  const encryption =
    source.encrypted && given === undefined && inRegion
      ? { encrypted: true, kmsKeyId: source.kmsKeyId }
      : encryptionFor(
          { encrypted: source.encrypted || asked.Encrypted === true, kmsKeyId: key?.arn },
          context,
        );
  const readable =
    !source.encrypted || mayUse(source.kmsKeyId, sourceRegion, ['DescribeKey', 'Decrypt'], context);
  const writable =
    !encryption.encrypted || mayUse(encryption.kmsKeyId, context.region, volumeKeyActions, context);
  return { ...encryption, ...(!(readable && writable) && { failure: keyFailure }) };
}

function mayUse(
  id: string | undefined,
  region: string,
  actions: readonly string[],
  { store, accountId, permissions }: Ec2Context,
): boolean {
  // A seeded snapshot may have none.
  if (id === undefined) return true;
  const key = findKey(store, { accountId, region }, id);
  return (
    key !== undefined &&
    whyUnusable(key) === undefined &&
    whyKeyDenied({ key, actions, via: 'ec2' }, permissions) === undefined
  );
}
