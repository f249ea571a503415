import { ServiceError as Refusal, type ServiceError, type ServiceRequest } from '../service.ts';
import { flatParameters, type Parameter, parameterTree } from './parameters.ts';

export interface QueryRequest {
  readonly action: string;
  /** All but Action and Version. */
  readonly parameters: Parameter;
  /** The same, dotted, for faults and logs; long values are left out. */
  readonly shown: Readonly<Record<string, string>>;
}

const maxBodyBytes = 10 * 1024 ** 2;
const maxShownLength = 1024;

/** Parameters come in the body of a POST or in the query of a GET. */
export async function readQueryRequest(request: ServiceRequest): Promise<QueryRequest> {
  const parameters = parameterTree([
    ...request.query,
    ...(request.method === 'POST' ? new URLSearchParams(await readBody(request)) : []),
  ]);
  const action = parameters.children.get('Action')?.value;
  if (!action) throw new Refusal(400, 'MissingAction', 'The request must contain the parameter Action');
  // The signature of a presigned request is not a parameter of the operation.
  for (const name of parameters.children.keys()) {
    if (name === 'Action' || name === 'Version' || name.startsWith('X-Amz-'))
      parameters.children.delete(name);
  }
  const shown: Record<string, string> = {};
  for (const [name, value] of flatParameters(parameters))
    if (value.length <= maxShownLength) shown[name] = value;
  return { action, parameters, shown };
}

async function readBody({ body }: ServiceRequest): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) throw new Refusal(413, 'RequestEntityTooLarge', 'The request is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The services answer 400 for it; 501 is as final to a client, and is reported to whoever runs the emulator. */
export function unknownAction(service: string, action: string): ServiceError {
  return new Refusal(
    501,
    'InvalidAction',
    `The action ${action} is not valid for this web service: local-aws does not have it for ${service}.`,
  );
}
