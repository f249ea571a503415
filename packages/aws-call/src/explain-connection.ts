import { isBrokenTls, isUntrusted, outboundErrorIn } from '@ec2-image/outbound';
import type { AwsCallErrorCode } from './aws-call-error.ts';
import { awsErrorFacts } from './error-facts.ts';

export interface ConnectionExplanation {
  readonly code: Extract<
    AwsCallErrorCode,
    'PROXY_REFUSED' | 'PROXY_UNREACHABLE' | 'TLS_UNTRUSTED' | 'TLS_BROKEN'
  >;
  readonly message: string;
  readonly hint: string;
}

/** Why a call did not get as far as the service: the proxy or TLS. Undefined for every other error. */
export function explainConnection(
  error: unknown,
  {
    service,
    operation,
    endpoint,
  }: { readonly service: string; readonly operation: string; readonly endpoint?: string },
): ConnectionExplanation | undefined {
  const failed = `cannot reach ${service} (${operation})`;
  const outbound = outboundErrorIn(error);
  if (outbound && outbound.code !== 'BAD_PROXY' && outbound.code !== 'CA_BUNDLE_UNUSABLE') {
    return { code: outbound.code, message: `${failed}: ${outbound.message}`, hint: outbound.hint };
  }
  // A plain request goes to the proxy itself, whose answer looks like one of the service; no service answers so.
  if (awsErrorFacts(error)?.httpStatus === 407) {
    return {
      code: 'PROXY_REFUSED',
      message: `${failed}: the proxy answered 407, it asks for a user and password`,
      hint: 'Set HTTP_PROXY to http://USER:PASSWORD@host:port with valid credentials (special characters percent-encoded).',
    };
  }
  const said = error instanceof Error ? error.message : String(error);
  const host = endpoint === undefined ? 'the endpoint' : new URL(endpoint).host;
  if (isUntrusted(error)) {
    return {
      code: 'TLS_UNTRUSTED',
      message: `${failed}: the certificate of ${host} is not trusted: ${said}`,
      hint: 'If a proxy or endpoint with a private certificate authority is expected here, set AWS_CA_BUNDLE to its certificate file; otherwise find out who answers.',
    };
  }
  if (isBrokenTls(error)) {
    return {
      code: 'TLS_BROKEN',
      message: `${failed}: no TLS connection to ${host}: ${said.trim()}`,
      hint: 'Check that --endpoint-url or AWS_ENDPOINT_URL should be https, and that HTTPS_PROXY gives the proxy as it is (http:// or https://).',
    };
  }
  return undefined;
}
