import type { Quotas } from '../conditions/quotas.ts';
import { defaultQuotas } from '../conditions/quotas.ts';
import { jsonAnswer, readJsonObject, unknownJsonOperation } from '../json/json-service.ts';
import { type Service, ServiceError, type ServiceRequest } from '../service.ts';
import type { ServiceContext } from '../service-context.ts';

const target = 'ServiceQuotasV20190624.';

interface KnownQuota {
  readonly name: string;
  readonly of: keyof Quotas;
}

/** Those that an import can meet and that Service Quotas knows. */
const known: Readonly<Record<string, Readonly<Record<string, KnownQuota>>>> = {
  ec2: {
    'L-B665C33B': { name: 'AMIs', of: 'images' },
    'L-0E3CBAB9': { name: 'Public AMIs', of: 'publicImages' },
  },
  ebs: { 'L-309BACF6': { name: 'Snapshots per Region', of: 'snapshots' } },
};

/** What quotas a region of an account has. https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/ */
export function serviceQuotasService({ conditions }: Pick<ServiceContext, 'conditions'>): Service {
  const values: Readonly<Record<string, (of: keyof Quotas) => number>> = {
    GetServiceQuota: (of) => conditions.quotas[of],
    GetAWSDefaultServiceQuota: (of) => defaultQuotas[of],
  };
  return {
    name: 'service-quotas',
    async understand(request) {
      const operation = String(request.headers['x-amz-target'] ?? '').replace(target, '');
      const quotaValue = Object.hasOwn(values, operation) ? values[operation] : undefined;
      if (!quotaValue) throw unknownJsonOperation('Service Quotas', operation);
      const input = await readJsonObject(request);
      const [service, code] = [String(input.ServiceCode ?? ''), String(input.QuotaCode ?? '')];
      return {
        operation,
        parameters: { ServiceCode: service, QuotaCode: code },
        async run() {
          const quota = known[service]?.[code];
          if (!quota) {
            throw new ServiceError(
              400,
              'NoSuchResourceException',
              'The request failed because the specified quota does not exist.',
            );
          }
          return jsonAnswer(
            200,
            { Quota: described({ service, code, quota }, quotaValue(quota.of), request) },
            request,
          );
        },
      };
    },
    renderError: ({ status, code, message, headers }, request) => {
      const answer = jsonAnswer(status, { __type: code, Message: message }, request);
      return { ...answer, headers: { ...answer.headers, ...headers } };
    },
  };
}

/** Where nothing limits the emulator, a number that nobody reaches. */
function described(
  { service, code, quota }: { readonly service: string; readonly code: string; readonly quota: KnownQuota },
  value: number,
  { region, accountId }: ServiceRequest,
): object {
  return {
    ServiceCode: service,
    QuotaArn: `arn:aws:servicequotas:${region}:${accountId}:${service}/${code}`,
    QuotaCode: code,
    QuotaName: quota.name,
    Value: Number.isFinite(value) ? value : Number.MAX_SAFE_INTEGER,
    Unit: 'None',
    Adjustable: true,
    GlobalQuota: false,
  };
}
