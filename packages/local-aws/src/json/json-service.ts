import { json } from 'node:stream/consumers';
import { ServiceError, type ServiceRequest, type ServiceResponse } from '../service.ts';

/** What the services of JSON 1.1 have in common: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html */
export async function readJsonObject({ body }: ServiceRequest): Promise<Record<string, unknown>> {
  const input = await json(body).catch(() => undefined);
  if (typeof input !== 'object' || input === null) {
    throw new ServiceError(400, 'SerializationException', 'The request is not a JSON object');
  }
  return input as Record<string, unknown>;
}

export function jsonAnswer(status: number, body: object, { id }: ServiceRequest): ServiceResponse {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': id },
    body: JSON.stringify(body),
  };
}

export function unknownJsonOperation(service: string, operation: string): ServiceError {
  return new ServiceError(
    501,
    'UnknownOperationException',
    `local-aws does not have ${service}'s ${operation}`,
  );
}
