import { type Service, ServiceError, type ServiceRequest } from '../../service.ts';
import { denial } from './denial.ts';
import type { Permissions, PermissionsBook } from './permissions.ts';
import { type Asked, partitionOf, type Requirement } from './requirement.ts';
import { requirementsOf } from './requirements/index.ts';
import { bucketRequirement } from './requirements/s3.ts';

/** What the conditions of policies ask of the account, beside the call itself. */
export type Account = Pick<Asked, 'bucketPolicy' | 'rolePath' | 'typeOf' | 'uploadHeaders'> & {
  keyOf(request: ServiceRequest, id: string): ReturnType<Asked['keyOf']>;
  tagsOf(request: ServiceRequest, id: string): ReturnType<Asked['tagsOf']>;
};

/** The service, as callers meet it who have policies: each call is decided on before it runs. */
export function authorizedService(
  service: Service,
  { permissions: book, account }: { readonly permissions: PermissionsBook; readonly account: Account },
): Service {
  return {
    ...service,
    async understand(request) {
      const call = await service.understand(request);
      const { operation, parameters } = call;
      const asked: Asked = {
        operation,
        parameters,
        headers: request.headers,
        region: request.region,
        accountId: request.accountId,
        partition: partitionOf(request.region),
        ...account,
        keyOf: (id) => account.keyOf(request, id),
        tagsOf: (id) => account.tagsOf(request, id),
      };
      return {
        ...call,
        async run() {
          const permissions = book.of(request);
          for (const requirement of requirementsOf[service.name]?.(asked) ?? []) {
            const decision = permissions.decide(requirement);
            if (!decision.allowed) throw denial(service.name, requirement, decision, permissions);
          }
          try {
            return await call.run();
          } catch (error) {
            if (service.name !== 's3') throw error;
            throw unlessItMayBeKnown(error, asked, permissions);
          }
        },
      };
    },
  };
}

const absences: ReadonlySet<string> = new Set(['NoSuchKey', 'NoSuchVersion']);
const reads: ReadonlySet<string> = new Set(['GetObject', 'HeadObject', 'GetObjectAttributes']);

/** Who may not list a bucket is not told that an object is missing. https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html */
function unlessItMayBeKnown(error: unknown, asked: Asked, permissions: Permissions): unknown {
  if (!(error instanceof ServiceError) || !absences.has(error.code) || !reads.has(asked.operation))
    return error;
  const requirement: Requirement = bucketRequirement(asked, asked.parameters.bucket ?? '', 'ListBucket');
  const decision = permissions.decide(requirement);
  return decision.allowed ? error : denial('s3', requirement, decision, permissions);
}
