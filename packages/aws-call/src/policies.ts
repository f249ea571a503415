import { blockPolicies } from './policies/blocks.ts';
import { connectionPolicies } from './policies/connection.ts';
import { importPolicies } from './policies/import.ts';
import { publicationPolicies } from './policies/publication.ts';
import { uploadPolicies } from './policies/upload.ts';

export type { Policy } from './policies/policy.ts';

/** Every limit of waiting for AWS and of calling it again. `docs/architecture.md` shows this table. */
export const policies = {
  ...connectionPolicies,
  ...importPolicies,
  ...uploadPolicies,
  ...blockPolicies,
  ...publicationPolicies,
} as const;

export type PolicyName = keyof typeof policies;
