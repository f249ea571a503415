import { ServiceError, type ServiceName } from '../service.ts';
import type { ActionOf, Preset } from './rules.ts';

type Answer = readonly [status: number, code: string, message: string];

const denied = 'User is not authorized to perform this operation';
const expired = 'The security token included in the request is expired';
const jsonServices = {
  throttling: [400, 'ThrottlingException', 'Rate exceeded'],
  'access-denied': [403, 'AccessDeniedException', denied],
  'expired-token': [403, 'ExpiredTokenException', expired],
  'internal-error': [500, 'InternalServerException', 'An internal error has occurred'],
  unavailable: [503, 'ServiceUnavailable', 'The service is unavailable'],
} satisfies Record<Preset, Answer>;
const queryServices = {
  throttling: [400, 'Throttling', 'Rate exceeded'],
  'access-denied': [403, 'AccessDenied', denied],
  'expired-token': [403, 'ExpiredToken', expired],
  'internal-error': [500, 'InternalFailure', 'An internal error has occurred'],
  unavailable: [503, 'ServiceUnavailable', 'The service is unavailable'],
} satisfies Record<Preset, Answer>;

/** Each service has its own words for the same misfortune; clients tell them apart by these. */
const presets: Record<ServiceName, Record<Preset, Answer>> = {
  s3: {
    throttling: [503, 'SlowDown', 'Please reduce your request rate.'],
    'access-denied': [403, 'AccessDenied', 'Access Denied'],
    'expired-token': [400, 'ExpiredToken', 'The provided token has expired.'],
    'internal-error': [500, 'InternalError', 'We encountered an internal error. Please try again.'],
    unavailable: [503, 'ServiceUnavailable', 'Service is unable to handle request.'],
  },
  ec2: {
    throttling: [503, 'RequestLimitExceeded', 'Request limit exceeded.'],
    'access-denied': [403, 'UnauthorizedOperation', 'You are not authorized to perform this operation.'],
    'expired-token': [400, 'RequestExpired', 'Request has expired.'],
    'internal-error': [500, 'InternalError', 'An internal error has occurred'],
    unavailable: [503, 'Unavailable', 'The server is overloaded and cannot handle the request.'],
  },
  sts: queryServices,
  iam: queryServices,
  autoscaling: queryServices,
  ebs: {
    ...jsonServices,
    throttling: [
      400,
      'RequestThrottledException',
      'The number of API requests has exceeded the maximum allowed',
    ],
  },
  ssm: jsonServices,
};

/** The error that a fault of kind `error` answers with. */
export function faultError(action: ActionOf<'error'>, service: ServiceName): ServiceError {
  const [status, code, message] = action.preset
    ? presets[service][action.preset]
    : ([action.status ?? 500, 'InternalError', 'A fault was set'] as const);
  return new ServiceError(action.status ?? status, action.code ?? code, action.message ?? message, {
    headers: action.headers,
    details: action.reason === undefined ? {} : { Reason: action.reason },
  });
}
