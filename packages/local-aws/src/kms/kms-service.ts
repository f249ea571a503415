import { jsonAnswer, readJsonObject, unknownJsonOperation } from '../json/json-service.ts';
import type { Service } from '../service.ts';
import type { ServiceContext } from '../service-context.ts';
import { keyTables } from './keys.ts';
import { kmsOperations } from './kms-operations.ts';

const target = 'TrentService.';

/** KMS keys, as far as snapshots name them. https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html */
export function kmsService({ store, now }: ServiceContext): Service {
  store.migrate('kms', keyTables);
  return {
    name: 'kms',
    async understand(request) {
      const operation = String(request.headers['x-amz-target'] ?? '').replace(target, '');
      const run = Object.hasOwn(kmsOperations, operation) ? kmsOperations[operation] : undefined;
      if (!run) throw unknownJsonOperation('KMS', operation);
      const input = await readJsonObject(request);
      return {
        operation,
        parameters: shown(input),
        run: async () => jsonAnswer(200, run(input, { place: request, store, now }), request),
      };
    },
    renderError: ({ status, code, message, headers }, request) => {
      const answer = jsonAnswer(status, { __type: code, message }, request);
      return { ...answer, headers: { ...answer.headers, ...headers } };
    },
  };
}

function shown(input: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(input).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}
