import { json } from 'node:stream/consumers';
import { type Service, ServiceError, type ServiceRequest, type ServiceResponse } from '../service.ts';
import { checkInput } from '../validation/check-input.ts';
import { ssmModel } from '../validation/models/ssm.ts';
import { type SsmContext, ssmOperations } from './ssm-operations.ts';

const target = 'AmazonSSM.';
const maxShownLength = 1024;

/** Parameters in plain text. https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html */
export function ssmService(context: Pick<SsmContext, 'parameterStore' | 'images'>): Service {
  return {
    name: 'ssm',
    async understand(request) {
      const operation = String(request.headers['x-amz-target'] ?? '').replace(target, '');
      const run = Object.hasOwn(ssmOperations, operation) ? ssmOperations[operation] : undefined;
      if (!run) {
        throw new ServiceError(
          501,
          'UnknownOperationException',
          `local-aws does not have SSM's ${operation}`,
        );
      }
      const input = await readInput(request);
      return {
        operation,
        parameters: shown(input),
        async run() {
          const { conditions } = request;
          checkInput(ssmModel, operation, input, 'ValidationException');
          return jsonAnswer(200, run(input, { ...context, place: request, conditions }), request);
        },
      };
    },
    renderError: ({ status, code, message, headers }, request) => {
      const answer = jsonAnswer(status, { __type: code, message }, request);
      return { ...answer, headers: { ...answer.headers, ...headers } };
    },
  };
}

async function readInput({ body }: ServiceRequest): Promise<Record<string, unknown>> {
  const input = await json(body).catch(() => undefined);
  if (typeof input !== 'object' || input === null) {
    throw new ServiceError(400, 'SerializationException', 'The request is not a JSON object');
  }
  return input as Record<string, unknown>;
}

/** Values of parameters may be secrets. */
function shown({ Value: _, ...input }: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(input)
      .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const)
      .filter(([, value]) => value.length <= maxShownLength),
  );
}

function jsonAnswer(status: number, body: object, { id }: ServiceRequest): ServiceResponse {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': id },
    body: JSON.stringify(body),
  };
}
