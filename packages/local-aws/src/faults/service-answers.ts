import type { ServiceName } from '../service.ts';
import type { Preset } from './rules.ts';

export type Answer = readonly [status: number, code: string, message: string, reason?: string];

type Answers = Readonly<Partial<Record<Preset, Answer>>>;

const denied = 'User is not authorized to perform this operation';
const expired = 'The security token included in the request is expired';
const invalidToken = 'The security token included in the request is invalid.';
const notSubscribed = 'The AWS Access Key Id needs a subscription for the service';
const unavailable = 'The service is unavailable';
const wrongSignature =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.';
const signedTooEarly = 'Signature expired: the request was signed more than 15 minutes ago.';
const signedTooLate = 'Signature not yet current: the request is dated more than 15 minutes ahead.';

const jsonServices = {
  throttling: [400, 'ThrottlingException', 'Rate exceeded'],
  'slow-down': [400, 'ThrottlingException', 'Rate exceeded'],
  'access-denied': [403, 'AccessDeniedException', denied],
  'expired-token': [403, 'ExpiredTokenException', expired],
  'invalid-token': [403, 'UnrecognizedClientException', invalidToken],
  'unknown-key': [403, 'UnrecognizedClientException', invalidToken],
  'invalid-signature': [403, 'InvalidSignatureException', wrongSignature],
  'signature-expired': [403, 'InvalidSignatureException', signedTooEarly],
  'signature-not-yet-current': [403, 'InvalidSignatureException', signedTooLate],
  'opt-in-required': [403, 'OptInRequired', notSubscribed],
  'internal-error': [500, 'InternalServerException', 'An internal error has occurred'],
  unavailable: [503, 'ServiceUnavailable', unavailable],
} satisfies Answers;

const queryServices = {
  throttling: [400, 'Throttling', 'Rate exceeded'],
  'slow-down': [400, 'ThrottlingException', 'Rate exceeded'],
  'access-denied': [403, 'AccessDenied', denied],
  'expired-token': [403, 'ExpiredToken', expired],
  'invalid-token': [403, 'InvalidClientTokenId', invalidToken],
  'unknown-key': [403, 'InvalidClientTokenId', invalidToken],
  'invalid-signature': [403, 'SignatureDoesNotMatch', wrongSignature],
  'signature-expired': [403, 'SignatureDoesNotMatch', signedTooEarly],
  'signature-not-yet-current': [403, 'SignatureDoesNotMatch', signedTooLate],
  'opt-in-required': [403, 'OptInRequired', notSubscribed],
  'internal-error': [500, 'InternalFailure', 'An internal error has occurred'],
  unavailable: [503, 'ServiceUnavailable', unavailable],
} satisfies Answers;

const authFailure = [
  401,
  'AuthFailure',
  'AWS was not able to validate the provided access credentials',
] as const;
const timeTooSkewed = [
  403,
  'RequestTimeTooSkewed',
  'The difference between the request time and the current time is too large.',
] as const;

/**
 * Each service has its own words for the same misfortune; clients tell them apart by these.
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html,
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, the page "Common errors" of the others,
 * and the error shapes of EBS direct's model with their Reasons.
 */
export const answers: Readonly<Record<ServiceName, Answers>> = {
  s3: {
    throttling: [503, 'SlowDown', 'Please reduce your request rate.'],
    'slow-down': [503, 'SlowDown', 'Please reduce your request rate.'],
    'access-denied': [403, 'AccessDenied', 'Access Denied'],
    'expired-token': [400, 'ExpiredToken', 'The provided token has expired.'],
    'invalid-token': [400, 'InvalidToken', 'The provided token is malformed or otherwise invalid.'],
    'unknown-key': [
      403,
      'InvalidAccessKeyId',
      'The AWS Access Key Id you provided does not exist in our records.',
    ],
    'invalid-signature': [
      403,
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    ],
    'signature-expired': timeTooSkewed,
    'signature-not-yet-current': timeTooSkewed,
    'opt-in-required': [403, 'NotSignedUp', 'Your account is not signed up for the Amazon S3 service.'],
    'kms-access-denied': [
      403,
      'AccessDenied',
      'User is not authorized to perform: kms:GenerateDataKey on this resource because no identity-based policy allows the kms:GenerateDataKey action',
    ],
    'kms-key-missing': [400, 'KMS.NotFoundException', 'The KMS key does not exist'],
    'kms-key-disabled': [400, 'KMS.DisabledException', 'The KMS key is disabled.'],
    'internal-error': [500, 'InternalError', 'We encountered an internal error. Please try again.'],
    unavailable: [503, 'ServiceUnavailable', 'Service is unable to handle request.'],
  },
  ec2: {
    throttling: [503, 'RequestLimitExceeded', 'Request limit exceeded.'],
    'slow-down': [503, 'EC2ThrottledException', 'Request limit exceeded.'],
    'access-denied': [403, 'UnauthorizedOperation', 'You are not authorized to perform this operation.'],
    'expired-token': [400, 'RequestExpired', 'Request has expired.'],
    'invalid-token': authFailure,
    'unknown-key': authFailure,
    'invalid-signature': authFailure,
    'signature-expired': [400, 'RequestExpired', 'Request has expired.'],
    'signature-not-yet-current': authFailure,
    'opt-in-required': [
      401,
      'OptInRequired',
      'You are not subscribed to this service. Please go to http://aws.amazon.com to subscribe.',
    ],
    'internal-error': [500, 'InternalError', 'An internal error has occurred'],
    unavailable: [503, 'Unavailable', 'The server is overloaded and cannot handle the request.'],
  },
  sts: {
    ...queryServices,
    'region-disabled': [
      403,
      'RegionDisabledException',
      'STS is not activated in this region for the account. Your account administrator can activate STS in this region using the IAM Console.',
    ],
  },
  iam: queryServices,
  autoscaling: queryServices,
  'service-quotas': jsonServices,
  ebs: {
    ...jsonServices,
    throttling: [
      400,
      'RequestThrottledException',
      'The number of API requests has exceeded the maximum allowed',
      'ACCOUNT_THROTTLED',
    ],
    'kms-access-denied': [
      403,
      'AccessDeniedException',
      'The caller is not authorized to use the KMS key',
      'DEPENDENCY_ACCESS_DENIED',
    ],
    'kms-key-missing': [
      404,
      'ResourceNotFoundException',
      'The KMS key does not exist',
      'DEPENDENCY_RESOURCE_NOT_FOUND',
    ],
    'kms-grant-missing': [404, 'ResourceNotFoundException', 'The grant does not exist', 'GRANT_NOT_FOUND'],
    'kms-key-disabled': [400, 'ValidationException', 'The KMS key is not usable', 'INVALID_CUSTOMER_KEY'],
    'kms-throttling': [
      400,
      'RequestThrottledException',
      'The number of requests to KMS has exceeded the maximum allowed',
      'DEPENDENCY_REQUEST_THROTTLED',
    ],
    'block-unread': [400, 'ValidationException', 'Failed to read block data', 'INVALID_BLOCK'],
    'write-timeout': [400, 'ValidationException', 'Writing the block timed out', 'WRITE_REQUEST_TIMEOUT'],
  },
  ssm: jsonServices,
  kms: {
    ...jsonServices,
    'kms-access-denied': [400, 'AccessDeniedException', denied],
    'kms-key-missing': [400, 'NotFoundException', 'The KMS key does not exist'],
    'kms-key-disabled': [400, 'DisabledException', 'The KMS key is disabled.'],
  },
  sso: jsonServices,
};
