import { Readable } from 'node:stream';
import type {
  Call,
  Service,
  ServiceError,
  ServiceName,
  ServiceRequest,
  ServiceResponse,
} from '../service.ts';
import type { ApiModel } from '../validation/api-model.ts';
import { checkInput } from '../validation/check-input.ts';
import type { QueryOperations } from './operation.ts';
import { readQueryRequest, unknownAction } from './query-request.ts';
import { readFields } from './shape.ts';
import { hasLazyList, renderElements, renderPieces, type XmlElements } from './xml.ts';

export interface QueryServiceOptions<Context> {
  readonly name: ServiceName;
  /** Of the answers' elements. */
  readonly namespace: string;
  readonly operations: QueryOperations<Context>;
  /** The limits of their parameters. */
  readonly model: ApiModel;
  contextOf(request: ServiceRequest): Context;
}

/** STS, IAM and Auto Scaling: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html */
export function queryService<Context>({
  name,
  namespace,
  operations,
  model,
  contextOf,
}: QueryServiceOptions<Context>): Service {
  for (const operation of Object.keys(operations)) {
    // Known to whoever adds one, and not to a client whose mistake would pass.
    if (!model[operation]) throw new Error(`scripts/api-models.ts has to know the operation ${operation}`);
  }
  return {
    name,
    async understand(request): Promise<Call> {
      const { action, parameters, shown } = await readQueryRequest(request);
      const operation = Object.hasOwn(operations, action) ? operations[action] : undefined;
      if (!operation) throw unknownAction(name, action);
      return {
        operation: action,
        parameters: shown,
        async run() {
          const input = readFields(operation.fields, parameters);
          checkInput(model, action, input, 'ValidationError');
          const result = await operation.run(input, contextOf(request));
          return xmlAnswer({
            name: `${action}Response`,
            namespace,
            elements: {
              [`${action}Result`]: result,
              ResponseMetadata: { RequestId: request.id },
            },
            requestId: request.id,
          });
        },
      };
    },
    renderError: (error, request) => queryError(error, { namespace, requestId: request.id }),
  };
}

function queryError(
  { status, code, message, headers }: ServiceError,
  { namespace, requestId }: { namespace: string; requestId: string },
): ServiceResponse {
  const answer = xmlAnswer({
    name: 'ErrorResponse',
    namespace,
    elements: {
      Error: { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message },
      RequestId: requestId,
    },
    requestId,
  });
  return { ...answer, status, headers: { ...answer.headers, ...headers } };
}

/** A list that is not an array makes the answer a stream. */
export function xmlAnswer({
  name,
  namespace,
  elements,
  requestId,
}: {
  name: string;
  namespace?: string;
  elements: XmlElements;
  requestId: string;
}): ServiceResponse {
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
  const open = `${declaration}<${name}${namespace ? ` xmlns="${namespace}"` : ''}>`;
  const close = `</${name}>`;
  return {
    status: 200,
    headers: { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-requestid': requestId },
    body: hasLazyList(elements)
      ? Readable.from(gathered(pieces(open, elements, close)), { objectMode: false })
      : `${open}${renderElements(elements)}${close}`,
  };
}

function* pieces(open: string, elements: XmlElements, close: string): Generator<string> {
  yield open;
  yield* renderPieces(elements);
  yield close;
}

const pieceLength = 64 * 1024;

function* gathered(all: Iterable<string>): Generator<Buffer> {
  let text = '';
  for (const piece of all) {
    text += piece;
    if (text.length < pieceLength) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}
