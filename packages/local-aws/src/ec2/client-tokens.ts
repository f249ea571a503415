import type { ServiceError } from '../service.ts';
import type { Store } from '../store/store.ts';
import { ec2Error, invalidParameterValue } from './errors.ts';

export const clientTokenTables: readonly string[] = [
  `CREATE TABLE ec2_client_token (
     account_id TEXT NOT NULL, region TEXT NOT NULL, operation TEXT NOT NULL, token TEXT NOT NULL,
     request TEXT NOT NULL, resource_id TEXT NOT NULL,
     PRIMARY KEY (account_id, region, operation, token)
   ) WITHOUT ROWID`,
];

export interface TokenUse {
  readonly accountId: string;
  readonly region: string;
  readonly operation: string;
  /** Without a token every call makes something new. */
  readonly token: string | undefined;
  /** What the call asks for, the token aside: another request may not use the same token. */
  readonly request: unknown;
  /** Default: EC2's. */
  readonly maxTokenLength?: number;
  readonly mismatch?: () => ServiceError;
}

// https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
const ec2TokenLength = 64;

/**
 * Within a transaction: the id of what an earlier call with this token made, or of what `make` makes now.
 *
 * @throws ServiceError what `mismatch` makes, `IdempotentParameterMismatch` by default
 */
export function oncePerToken(
  store: Store,
  {
    accountId,
    region,
    operation,
    token,
    request,
    maxTokenLength = ec2TokenLength,
    mismatch = parameterMismatch,
  }: TokenUse,
  make: () => string,
): string {
  if (token === undefined) return make();
  if (token.length > maxTokenLength) {
    throw invalidParameterValue(`ClientToken exceeds the maximum length of ${maxTokenLength} characters`);
  }
  // https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html: up to 64 ASCII characters.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw invalidParameterValue('ClientToken must consist of printable ASCII characters');
  }
  const asked = JSON.stringify(request);
  const earlier = store.get<{ request: string; resource_id: string }>(
    `SELECT request, resource_id FROM ec2_client_token
      WHERE account_id = ? AND region = ? AND operation = ? AND token = ?`,
    [accountId, region, operation, token],
  );
  if (earlier && earlier.request !== asked) throw mismatch();
  if (earlier) return earlier.resource_id;
  const id = make();
  store.run(
    `INSERT INTO ec2_client_token (account_id, region, operation, token, request, resource_id)
     VALUES (?, ?, ?, ?, ?, ?)`,
    [accountId, region, operation, token, asked, id],
  );
  return id;
}

function parameterMismatch(): ServiceError {
  return ec2Error(
    'IdempotentParameterMismatch',
    'The request uses the same client token as a previous, but non-identical request. Do not reuse a client token with different requests, unless the requests are identical',
  );
}
