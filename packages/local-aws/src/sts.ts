import { createHash } from 'node:crypto';
import { operationFor } from './query/operation.ts';
import { queryService } from './query/query-service.ts';
import type { Service, ServiceRequest } from './service.ts';

const getCallerIdentity = operationFor<ServiceRequest>()({
  fields: {},
  run: (_input, { accountId, accessKeyId = '' }) => ({
    Arn: `arn:aws:iam::${accountId}:user/local-aws`,
    UserId: `AIDA${createHash('sha256').update(accessKeyId).digest('hex').toUpperCase().slice(0, 17)}`,
    Account: accountId,
  }),
});

/** Everybody is the one user of their account. */
export function stsService(): Service {
  return queryService<ServiceRequest>({
    name: 'sts',
    namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    operations: { GetCallerIdentity: getCallerIdentity },
    contextOf: (request) => request,
  });
}
