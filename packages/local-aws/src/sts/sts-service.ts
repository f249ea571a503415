import { decodeMessage } from '../iam/authorization/encoded-message.ts';
import { operationFor } from '../query/operation.ts';
import { queryService } from '../query/query-service.ts';
import { required, string } from '../query/shape.ts';
import { type Service, ServiceError } from '../service.ts';
import { stsModel } from '../validation/models/sts.ts';
import { assumeRole, assumeRoleWithWebIdentity } from './assume-role.ts';
import type { StsContext } from './sts-context.ts';

const operation = operationFor<StsContext>();

const getCallerIdentity = operation({
  fields: {},
  run(_input, { request, permissions }) {
    const { arn, userId, accountId } = permissions.of(request).principal;
    return { Arn: arn, UserId: userId, Account: accountId };
  },
});

const decodeAuthorizationMessage = operation({
  fields: { EncodedMessage: required(string) },
  run({ EncodedMessage: encoded }) {
    const message = decodeMessage(encoded);
    if (message === undefined) {
      throw new ServiceError(400, 'InvalidAuthorizationMessageException', 'Message is not valid');
    }
    return { DecodedMessage: message };
  },
});

/** Everybody is a user of their account, `local-aws` where nothing else is known of them. */
export function stsService(context: Omit<StsContext, 'request'>): Service {
  return queryService<StsContext>({
    name: 'sts',
    namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    operations: {
      AssumeRole: assumeRole,
      AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity,
      DecodeAuthorizationMessage: decodeAuthorizationMessage,
      GetCallerIdentity: getCallerIdentity,
    },
    model: stsModel,
    contextOf: (request) => ({ ...context, request }),
  });
}
