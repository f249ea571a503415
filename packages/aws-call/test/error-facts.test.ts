import { S3ServiceException } from '@aws-sdk/client-s3';
import {
  awsErrorFacts,
  formatAwsError,
  hasAwsCode,
  isAccessDenied,
  isAmbiguous,
  isCredentialsError,
  isThrottling,
} from '@ec2-image/aws-call';
import { expect, test } from 'vitest';

function awsError(name: string, httpStatusCode?: number) {
  return new S3ServiceException({
    name,
    message: 'what AWS says',
    $fault: 'client',
    $metadata: { httpStatusCode, requestId: 'R1', attempts: 3 },
  });
}

test('facts and one line of them', () => {
  const error = awsError('NoSuchBucket', 404);
  expect(awsErrorFacts(error)).toEqual({
    awsCode: 'NoSuchBucket',
    awsMessage: 'what AWS says',
    httpStatus: 404,
    requestId: 'R1',
    attempts: 3,
  });
  expect(formatAwsError(error)).toBe('NoSuchBucket: what AWS says (HTTP 404, request R1)');
  expect(awsErrorFacts(new Error('other'))).toBeUndefined();
  expect(formatAwsError(new Error('other'))).toBe('other');
  expect(hasAwsCode(error, 'NotFound', 'NoSuchBucket')).toBe(true);
  expect(hasAwsCode(new Error('NoSuchBucket'), 'NoSuchBucket')).toBe(false);
});

test.each([
  ['SlowDown', 503, { throttling: true, ambiguous: true }],
  ['RequestLimitExceeded', 503, { throttling: true, ambiguous: true }],
  ['AccessDenied', 403, { denied: true }],
  ['UnauthorizedOperation', 403, { denied: true }],
  ['Unknown', 403, { denied: true }],
  ['ExpiredToken', 403, { credentials: true }],
  ['RequestExpired', 400, { credentials: true }],
  ['InternalError', 500, { ambiguous: true }],
  ['NoSuchKey', 404, {}],
])('%s (HTTP %i) is %j', (name, status, expected) => {
  const error = awsError(name, status);
  expect({
    throttling: isThrottling(error),
    denied: isAccessDenied(error),
    credentials: isCredentialsError(error),
    ambiguous: isAmbiguous(error),
  }).toEqual({ throttling: false, denied: false, credentials: false, ambiguous: false, ...expected });
});

test('a connection that broke leaves the outcome open; no credentials to send do not', () => {
  expect(isAmbiguous(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }))).toBe(true);
  expect(isAmbiguous(Object.assign(new Error('too slow'), { name: 'TimeoutError' }))).toBe(true);
  const missing = Object.assign(new Error('Could not load credentials'), {
    name: 'CredentialsProviderError',
  });
  expect(isAmbiguous(missing)).toBe(false);
  expect(isCredentialsError(missing)).toBe(true);
});
