import { text } from 'node:stream/consumers';
import { EBSServiceException } from '@aws-sdk/client-ebs';
import type { HttpResponse, ResponseMetadata } from '@smithy/types';

/**
 * The error that an answer is, as the SDK gives it for the service's other calls.
 * https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization
 */
export async function readRefusal(
  { statusCode, headers, body }: HttpResponse,
  facts: Partial<ResponseMetadata> & { readonly clockSkewCorrected?: boolean },
): Promise<EBSServiceException> {
  const said = parse(await text(body));
  const code = headers['x-amzn-errortype'] ?? said?.code ?? said?.__type ?? `HTTP ${statusCode}`;
  const error = new EBSServiceException({
    name: String(code).replace(/:.*/s, '').replace(/^.*#/s, ''),
    message: String(said ? (said.message ?? said.Message ?? '') : 'what came was not sent by the service'),
    $fault: statusCode < 500 ? 'client' : 'server',
    $metadata: { ...metadataOf({ statusCode, headers }), ...facts },
  });
  return Object.assign(error, said?.Reason !== undefined && { Reason: said.Reason });
}

export function metadataOf({
  statusCode,
  headers,
}: Pick<HttpResponse, 'statusCode' | 'headers'>): ResponseMetadata {
  const requestId = headers['x-amzn-requestid'] ?? headers['x-amz-request-id'];
  return { httpStatusCode: statusCode, attempts: 1, ...(requestId !== undefined && { requestId }) };
}

/** Undefined for what the service did not send, such as a gateway's page. */
function parse(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const document: unknown = JSON.parse(body);
    return typeof document === 'object' && document !== null
      ? (document as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
