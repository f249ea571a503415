import { faultError } from '../faults/presets.ts';
import { ServiceError, type ServiceName } from '../service.ts';

export type Refusal =
  | 'anonymous'
  | 'malformed'
  | 'signature'
  /** Of a presigned URL. */
  | 'url-expired'
  | 'url-early'
  /** Of a clock that is behind, or ahead. */
  | 'signed-early'
  | 'signed-late';

/** In the words of each service, since clients go by the codes. */
export function refusal(
  why: Refusal,
  service: ServiceName,
  { reason = '', details = {} }: { reason?: string; details?: Record<string, string> } = {},
): ServiceError {
  switch (why) {
    case 'anonymous':
      return anonymous(service);
    case 'malformed':
      return malformed(service, reason);
    case 'signature':
      return inWordsOf(service, 'invalid-signature');
    case 'url-expired':
    case 'url-early':
      if (service !== 's3') break;
      return new ServiceError(
        403,
        'AccessDenied',
        why === 'url-early' ? 'Request is not yet valid' : 'Request has expired',
      );
  }
  const isEarly = why === 'signed-early' || why === 'url-expired';
  const { status, code, message } = inWordsOf(
    service,
    isEarly ? 'signature-expired' : 'signature-not-yet-current',
  );
  return new ServiceError(status, code, reason || message, { details });
}

function inWordsOf(
  service: ServiceName,
  preset: 'invalid-signature' | 'signature-expired' | 'signature-not-yet-current',
): ServiceError {
  return faultError({ kind: 'error', preset }, service);
}

function isJson(service: ServiceName): boolean {
  return service === 'ebs' || service === 'ssm' || service === 'kms';
}

function anonymous(service: ServiceName): ServiceError {
  if (service === 's3') return new ServiceError(403, 'AccessDenied', 'Access Denied');
  if (service === 'ec2') {
    return new ServiceError(400, 'MissingParameter', 'The request must contain the parameter AWSAccessKeyId');
  }
  const code = `MissingAuthenticationToken${isJson(service) ? 'Exception' : ''}`;
  return new ServiceError(403, code, 'Request is missing Authentication Token');
}

function malformed(service: ServiceName, reason: string): ServiceError {
  if (service === 'ec2') return inWordsOf('ec2', 'invalid-signature');
  if (service !== 's3') {
    const code = `IncompleteSignature${isJson(service) ? 'Exception' : ''}`;
    return new ServiceError(400, code, `The Authorization is wrong: ${reason}`);
  }
  return reason === 'unsupported algorithm'
    ? new ServiceError(
        400,
        'InvalidRequest',
        'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
      )
    : new ServiceError(
        400,
        'AuthorizationHeaderMalformed',
        `The authorization header is malformed; ${reason}.`,
      );
}
