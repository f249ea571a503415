import type { SnapshotFacts } from '../ec2/snapshots/snapshot.ts';
import { volumeKeyActions, whyKeyDenied } from '../kms/key-use.ts';
import { findKey, type KmsKey, whyUnusable } from '../kms/keys.ts';
import { ServiceError } from '../service.ts';
import type { EbsContext } from './ebs-context.ts';
import { validation } from './errors.ts';

/** Of a snapshot that is to be: the key is of use, and the caller may do with it all that EBS will. */
export function requireKey(key: KmsKey, context: Pick<EbsContext, 'permissions'>): void {
  const reason = whyUnusable(key);
  if (reason !== undefined) throw validation('INVALID_CUSTOMER_KEY', reason);
  requireActions(key, volumeKeyActions, context);
}

/** Of a snapshot that is there: its blocks are decrypted by the caller's leave. */
export function requireDecrypt({ kmsKeyId }: SnapshotFacts, context: EbsContext): void {
  const key = kmsKeyId === undefined ? undefined : findKey(context.store, context.request, kmsKeyId);
  if (key) requireActions(key, ['Decrypt'], context);
}

function requireActions(
  key: KmsKey,
  actions: readonly string[],
  { permissions }: Pick<EbsContext, 'permissions'>,
): void {
  const denied = whyKeyDenied({ key, actions, via: 'ec2' }, permissions);
  if (denied === undefined) return;
  throw new ServiceError(403, 'AccessDeniedException', denied, {
    details: { Reason: 'DEPENDENCY_ACCESS_DENIED' },
  });
}
