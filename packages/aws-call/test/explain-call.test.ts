import { EC2ServiceException } from '@aws-sdk/client-ec2';
import {
  awsCodeOf,
  explainCall,
  httpStatusOf,
  isTransient,
  isTransientQuota,
  refusedCodeOf,
  type ServiceName,
  withKmsKey,
} from '@ec2-image/aws-call';
import { describe, expect, test } from 'vitest';

function answer(name: string, message = `${name} it is`, httpStatusCode = 400) {
  return new EC2ServiceException({
    name,
    message,
    $fault: 'client',
    $metadata: { httpStatusCode, requestId: 'request-1' },
  });
}

const named = (name: string, message: string) => Object.assign(new Error(message), { name });
const connectionReset = Object.assign(new Error('socket hang up'), {
  code: 'ECONNRESET',
  $metadata: { attempts: 3 },
});
const timedOut = Object.assign(named('TimeoutError', 'socket timed out'), { $metadata: { attempts: 3 } });
const garbled = Object.assign(new Error('XML parse error:\n  mismatched tags'), {
  $metadata: { httpStatusCode: 200 },
});

describe('what becomes of a call is told alike for every service', () => {
  const cases: [string, unknown, string][] = [
    ['UnauthorizedOperation', answer('UnauthorizedOperation', 'not you', 403), 'ACCESS_DENIED'],
    ['AccessDenied', answer('AccessDenied', 'not you', 403), 'ACCESS_DENIED'],
    ['a HEAD answered 403', answer('Unknown', '', 403), 'ACCESS_DENIED'],
    ['RequestLimitExceeded', answer('RequestLimitExceeded', 'slow down', 503), 'THROTTLED'],
    ['SlowDown', answer('SlowDown', 'slow down', 503), 'THROTTLED'],
    ['RequestExpired', answer('RequestExpired', 'Request has expired.'), 'CREDENTIALS_EXPIRED'],
    ['ExpiredToken', answer('ExpiredToken', 'The provided token is old'), 'CREDENTIALS_EXPIRED'],
    [
      'an SSO session that is over',
      named('CredentialsProviderError', 'Token is expired. To refresh this SSO session run aws sso login'),
      'CREDENTIALS_EXPIRED',
    ],
    ['AuthFailure', answer('AuthFailure', 'not validated', 401), 'CREDENTIALS_REFUSED'],
    [
      'no credentials',
      named('CredentialsProviderError', 'Could not load credentials from any providers'),
      'CREDENTIALS_MISSING',
    ],
    ['an internal error', answer('InternalError', 'oops', 500), 'AWS_UNREACHABLE'],
    ['a connection reset', connectionReset, 'AWS_UNREACHABLE'],
    ['no answer in time', timedOut, 'AWS_UNREACHABLE'],
    ['an answer that cannot be read', garbled, 'AWS_UNREACHABLE'],
    ['what the service does not implement', answer('NotImplemented', 'no', 501), 'AWS_REFUSED'],
    ['a quota', answer('SnapshotLimitExceeded'), 'QUOTA_EXCEEDED'],
    ['a quota of EBS direct', answer('ServiceQuotaExceededException', 'full', 402), 'QUOTA_EXCEEDED'],
    ['too many calls at a time', answer('ConcurrentLimitExceededException'), 'THROTTLED'],
    [
      'a signature that does not match',
      answer('InvalidSignatureException', 'The request signature we calculated does not match', 403),
      'CREDENTIALS_REFUSED',
    ],
    [
      'a block that does not match its checksum',
      answer('InvalidSignatureException', 'x-amz-Checksum does not match the computed checksum', 403),
      'AWS_REFUSED',
    ],
    ['a clock that is wrong', answer('RequestTimeTooSkewed', 'too large', 403), 'CLOCK_WRONG'],
    [
      'a signature of the wrong time',
      answer('SignatureDoesNotMatch', 'Signature expired: 2026 is earlier than 2027', 403),
      'CLOCK_WRONG',
    ],
    ['an account without the service', answer('OptInRequired', 'not subscribed', 403), 'SERVICE_NOT_ENABLED'],
    ['an account that is blocked', answer('Blocked', 'blocked'), 'ACCOUNT_BLOCKED'],
    ['a KMS key that is disabled', answer('KMS.DisabledException', 'disabled'), 'KMS_KEY_UNUSABLE'],
    ['an archived object', answer('InvalidObjectState', 'archived', 403), 'AWS_REFUSED'],
    ['InvalidParameterValue', answer('InvalidParameterValue'), 'AWS_REFUSED'],
  ];
  const services: ServiceName[] = ['EC2', 'S3', 'EBS', 'SSM', 'Auto Scaling', 'IAM', 'STS'];
  test.each(cases)('%s', (_, cause, code) => {
    for (const service of services) {
      const error = explainCall({ error: cause, service, operation: 'GetSomething' });
      expect(error).toMatchObject({
        code,
        service,
        operation: 'GetSomething',
        cause,
        hint: expect.stringMatching(/^[A-Z].*\.$/),
      });
      expect((error as Error).message).toMatch(/^[^\n]*GetSomething: [^\n]+$/);
    }
  });
});

test('what neither the service nor the SDK said is left as it is', () => {
  const bug = new TypeError('a bug');
  expect(explainCall({ error: bug, service: 'EC2', operation: 'DescribeImages' })).toBe(bug);
  expect(explainCall({ error: 'odd', service: 'EC2', operation: 'DescribeImages' })).toBe('odd');
});

test('a denial names the actions that a policy needs, whatever the operation is called', () => {
  const denied = (service: ServiceName, operation: string) =>
    explainCall({ error: answer('AccessDenied', 'no', 403), service, operation }) as { hint: string };
  expect(denied('S3', 'HeadObject').hint).toContain('s3:GetObject and s3:ListBucket');
  expect(denied('S3', 'ListParts').hint).toContain('s3:ListMultipartUploadParts');
  expect(denied('EC2', 'ImportSnapshot').hint).toContain('ec2:ImportSnapshot');
  expect(denied('Auto Scaling', 'DescribeAutoScalingGroups').hint).toContain(
    'autoscaling:DescribeAutoScalingGroups',
  );
});

test.each([
  ['WRITE_REQUEST_TIMEOUT', 'too long', true],
  ['CONFLICTING_BLOCK_UPDATE', 'being written', true],
  [undefined, 'Failed to read block data', true],
  ['INVALID_BLOCK', 'no such block', false],
  [undefined, 'the block is too short', false],
])('a ValidationException of EBS direct (%s: %s) is transient: %s', (Reason, message, transient) => {
  const error = explainCall({
    error: Object.assign(answer('ValidationException', message), { Reason }),
    service: 'EBS',
    operation: 'PutSnapshotBlock',
  });
  expect(error).toMatchObject({ code: 'AWS_REFUSED' });
  expect([isTransient(error), refusedCodeOf(error)]).toEqual([
    transient,
    transient ? undefined : 'ValidationException',
  ]);
});

test('a signature of the wrong time is transient once the SDK has corrected its clock, and not before', () => {
  const early = (clockSkewCorrected: boolean) => {
    const error = answer('InvalidSignatureException', 'Signature not yet current', 403);
    Object.assign(error.$metadata, { clockSkewCorrected });
    return explainCall({ error, service: 'EBS', operation: 'PutSnapshotBlock' });
  };
  expect([isTransient(early(true)), isTransient(early(false))]).toEqual([true, false]);
});

test('on a machine whose clock is wrong, a refusal that is not about the time is a refusal', () => {
  const error = answer('InvalidSnapshot.InUse');
  Object.assign(error.$metadata, { clockSkewCorrected: true });
  const explained = explainCall({ error, service: 'EC2', operation: 'DeleteSnapshot' });
  expect([isTransient(explained), refusedCodeOf(explained)]).toEqual([false, 'InvalidSnapshot.InUse']);
});

test('a denial of the KMS key names the key, not the action', () => {
  const error = Object.assign(answer('AccessDeniedException', 'no', 403), {
    Reason: 'DEPENDENCY_ACCESS_DENIED',
  });
  expect(explainCall({ error, service: 'EBS', operation: 'StartSnapshot' })).toMatchObject({
    code: 'ACCESS_DENIED',
    reason: 'DEPENDENCY_ACCESS_DENIED',
    hint: expect.stringMatching(/KMS key/),
  });
});

test.each([
  ['EBS', 'ResourceNotFoundException', 'no', 'GRANT_NOT_FOUND'],
  ['EBS', 'ResourceNotFoundException', 'no', 'DEPENDENCY_RESOURCE_NOT_FOUND'],
  ['EBS', 'ValidationException', 'no', 'INVALID_CUSTOMER_KEY'],
  ['EC2', 'InvalidParameterValue', 'The specified KMS key is not accessible.', undefined],
  ['S3', 'KMS.DisabledException', 'no', undefined],
  ['KMS', 'NotFoundException', 'no', undefined],
] as const)('%s %s (%s, %s) is about the KMS key', (service, code, message, Reason) => {
  const error = Object.assign(answer(code, message, 400), { Reason });
  const explained = explainCall({ error, service, operation: 'SomeCall' });
  expect(explained).toMatchObject({ code: 'KMS_KEY_UNUSABLE' });
  expect(withKmsKey(explained, 'alias/mine')).toMatchObject({
    message: expect.stringContaining('the KMS key alias/mine'),
    facts: { kmsKey: 'alias/mine' },
  });
});

test('a snapshot that is not there, or another parameter, is not about a KMS key', () => {
  const gone = Object.assign(answer('ResourceNotFoundException', 'no', 404), {
    Reason: 'SNAPSHOT_NOT_FOUND',
  });
  for (const error of [gone, answer('InvalidParameterValue', 'The role name is invalid', 400)]) {
    const explained = explainCall({ error, service: 'EBS', operation: 'SomeCall' });
    expect(explained).toMatchObject({ code: 'AWS_REFUSED' });
    expect(withKmsKey(explained, 'alias/mine')).toBe(explained);
  }
});

test('a service that cannot be reached is named with the endpoint in use', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
  const error = explainCall({
    error: refused,
    service: 'S3',
    operation: 'HeadBucket',
    endpoint: 'http://127.0.0.1:1',
  });
  expect(error).toMatchObject({
    message: 'cannot reach S3 (HeadBucket: connect ECONNREFUSED 127.0.0.1:1)',
    hint: expect.stringContaining('http://127.0.0.1:1'),
  });
});

test('what callers ask of an error', () => {
  const explained = (name: string, status = 400) =>
    explainCall({ error: answer(name, 'so', status), service: 'EC2', operation: 'ImportSnapshot' });
  expect(awsCodeOf(explained('NoSuchUpload', 404))).toBe('NoSuchUpload');
  expect(httpStatusOf(explained('NoSuchUpload', 404))).toBe(404);
  expect(refusedCodeOf(explained('InvalidSnapshot.InUse'))).toBe('InvalidSnapshot.InUse');
  expect(refusedCodeOf(explained('UnauthorizedOperation', 403))).toBeUndefined();
  expect(isTransient(explained('RequestLimitExceeded', 503))).toBe(true);
  expect(isTransient(explained('InvalidSnapshot.InUse'))).toBe(false);
  expect(isTransientQuota(explained('ResourceCountExceeded'))).toBe(true);
  expect(isTransientQuota(explained('TagLimitExceeded'))).toBe(false);
  const quota = (operation: string) =>
    explainCall({ error: answer('ResourceLimitExceeded', 'so', 400), service: 'EC2', operation });
  expect(isTransientQuota(quota('CopyImage'))).toBe(true);
  expect(isTransientQuota(quota('ModifyImageAttribute'))).toBe(false);
  expect(awsCodeOf(new Error('other'))).toBeUndefined();
});
