import type { Facts } from '../facts.ts';
import { type OriginScan, scanOrigins } from '../scan-origins.ts';

export type FindMissingTagsOptions = OriginScan;

/** What {@link planTagFix} plans from. Makes no call that changes anything. */
export function findMissingTags(options: FindMissingTagsOptions): Promise<Facts> {
  return scanOrigins(options);
}
