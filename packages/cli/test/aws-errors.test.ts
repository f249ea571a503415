import { join } from 'node:path';
import { AutoScalingClient, DescribeLaunchConfigurationsCommand } from '@aws-sdk/client-auto-scaling';
import { EBSClient, ListSnapshotBlocksCommand } from '@aws-sdk/client-ebs';
import { DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetBucketLocationCommand } from '@aws-sdk/client-s3';
import { GetParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { AwsCallError, createSender, explainCall } from '@ec2-image/aws-call';
import { isErrorCode } from '@ec2-image/explained-error';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explain } from '../src/errors/explain.ts';
import { bucket, openAccount, type TestAccount } from './support/account.ts';
import { callsMade } from './support/calls-made.ts';
import { documentedErrors, ebsReasons } from './support/documented-errors.ts';
import { modelErrors } from './support/model-errors.ts';

/** What each code has to lead to; a code that is not here, from a newer model, fails the test that names it. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  ACCESS_DENIED: ['AccessDenied', 'AccessDeniedException', 'NotAuthorized', 'UnauthorizedOperation'],
  ACCOUNT_BLOCKED: ['AccountProblem', 'AllAccessDisabled', 'Blocked', 'PendingVerification'],
  AWS_UNREACHABLE: [
    ...['DependencyTimeoutException', 'IDPCommunicationError', 'InternalError', 'InternalFailure'],
    ...['InternalServerError', 'InternalServerException', 'KMSInternalException', 'KeyUnavailableException'],
    ...['PolicyEvaluation', 'RequestTimeout', 'RequestTimeoutException', 'ResourceContention'],
    ...['ServiceException', 'ServiceFailure', 'ServiceUnavailable', 'Unavailable'],
  ],
  CLOCK_WRONG: ['RequestTimeTooSkewed'],
  CREDENTIALS_EXPIRED: ['ExpiredToken', 'ExpiredTokenException', 'RequestExpired'],
  CREDENTIALS_REFUSED: [
    ...['AuthFailure', 'IDPRejectedClaim', 'IncompleteSignature', 'IncompleteSignatureException'],
    ...['InvalidAccessKeyId', 'InvalidClientTokenId', 'InvalidIdentityToken', 'InvalidSecurity'],
    ...['InvalidSignatureException', 'InvalidToken', 'MissingAuthenticationToken'],
    ...['MissingAuthenticationTokenException', 'MissingSecurityHeader', 'SignatureDoesNotMatch'],
    'UnrecognizedClientException',
  ],
  KMS_KEY_UNUSABLE: [
    ...['DisabledException', 'IncorrectKeyException', 'InvalidArnException', 'InvalidCiphertextException'],
    ...['InvalidGrantTokenException', 'InvalidKeyId', 'InvalidKeyUsageException', 'KMSInvalidStateException'],
    ...['KMS.DisabledException', 'KMS.InvalidKeyUsageException', 'KMS.KMSInvalidStateException'],
    ...['KMS.NotFoundException', 'CustomerKeyHasBeenRevoked'],
  ],
  QUOTA_EXCEEDED: [
    ...['ConcurrentSnapshotLimitExceeded', 'LimitExceededException', 'ParameterLimitExceeded'],
    ...['FilterLimitExceeded', 'InstanceLimitExceeded', 'MaxIOPSLimitExceeded', 'VcpuLimitExceeded'],
    'VolumeLimitExceeded',
    ...['ParameterMaxVersionLimitExceeded', 'PendingSnapshotLimitExceeded', 'PoliciesLimitExceededException'],
    ...['RequestResourceCountExceeded', 'ResourceCountExceeded', 'ResourceCountLimitExceeded'],
    ...[
      'ResourceLimitExceeded',
      'ServiceQuotaExceededException',
      'SnapshotLimitExceeded',
      'TagLimitExceeded',
    ],
    'TooManyBuckets',
  ],
  SERVICE_NOT_ENABLED: ['NotSignedUp', 'OptInRequired', 'RegionDisabledException'],
  THROTTLED: [
    ...['BandwidthLimitExceeded', 'ConcurrentLimitExceededException', 'EC2ThrottledException'],
    ...['RequestLimitExceeded', 'RequestThrottledException', 'SlowDown', 'Throttling', 'ThrottlingException'],
    ...['TooManyRequestsException', 'TooManyUpdates'],
  ],
  /** What is asked for cannot be, and the service's own words say why. */
  AWS_REFUSED: [
    ...['AuthorizationHeaderMalformed', 'BadDigest', 'BucketAlreadyExists', 'BucketAlreadyOwnedByYou'],
    ...['ConcurrentTagAccess', 'ConditionalRequestConflict', 'ConflictException', 'DryRunOperation'],
    ...['EncryptedVolumesNotSupported', 'IncorrectInstanceState', 'InsufficientCapacity'],
    ...['InsufficientFreeAddressesInSubnet', 'InsufficientInstanceCapacity', 'InvalidFilter'],
    ...['InvalidImageUsageReportId.NotFound', 'InvalidInstanceID.Malformed', 'InvalidInstanceID.NotFound'],
    ...['InvalidRegion', 'InvalidSubnetID.NotFound', 'Unsupported', 'VPCIdNotSpecified'],
    'VolumeTypeNotAvailableInZone',
    ...['EntityTooLarge', 'EntityTooSmall', 'HierarchyLevelLimitExceededException'],
    ...['HierarchyTypeMismatchException', 'IdempotentInstanceTerminated', 'IdempotentParameterMismatch'],
    ...['IllegalArgumentException', 'IllegalLocationConstraintException', 'IncompatiblePolicyException'],
    ...['IncompleteBody', 'IncorrectState', 'InvalidAMIAttributeItemValue', 'InvalidAMIID.Malformed'],
    ...['InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable', 'InvalidAMIName.Duplicate'],
    ...['InvalidAMIName.Malformed', 'InvalidAction', 'InvalidAllowedPatternException', 'InvalidArgument'],
    ...['InvalidAuthorizationMessageException', 'InvalidBlockDeviceMapping', 'InvalidBucketName'],
    ...['InvalidCharacter', 'InvalidClientToken', 'InvalidConversionTaskId', 'InvalidDigest'],
    ...['InvalidConversionTaskId.Malformed', 'InvalidFilterKey', 'InvalidFilterOption', 'InvalidFilterValue'],
    ...['InvalidFormat', 'InvalidID', 'InvalidInput', 'InvalidLocationConstraint', 'InvalidManifest'],
    ...['InvalidNextToken', 'InvalidObjectState', 'InvalidPaginationToken', 'InvalidParameter'],
    ...['InvalidParameterCombination', 'InvalidParameterDependency', 'InvalidParameterValue', 'InvalidPart'],
    ...['InvalidPartOrder', 'InvalidPolicyAttributeException', 'InvalidPolicyTypeException'],
    ...['InvalidQueryParameter', 'InvalidRange', 'InvalidRequest', 'InvalidSnapshot.InUse'],
    ...['InvalidSnapshot.NotFound', 'InvalidSnapshotID.Malformed', 'InvalidStorageClass', 'InvalidTag'],
    ...['InvalidTagKey', 'InvalidTagKey.Malformed', 'InvalidURI', 'InvalidUserID.Malformed'],
    ...[
      'KeyTooLongError',
      'MalformedHttpRequestException',
      'MalformedPolicyDocument',
      'MalformedQueryString',
    ],
    ...['MalformedXML', 'MaxMessageLengthExceeded', 'MetadataTooLarge', 'MethodNotAllowed', 'MissingAction'],
    ...['MissingContentLength', 'MissingParameter', 'NoSuchBucket', 'NoSuchEntity', 'NoSuchKey'],
    ...['NoSuchResourceException', 'NoSuchUpload', 'NoSuchVersion', 'NotFoundException', 'NotImplemented'],
    ...['OperationAborted', 'OperationNotPermitted', 'PackedPolicyTooLarge', 'ParameterAlreadyExists'],
    ...['ParameterNotFound', 'ParameterPatternMismatchException', 'ParameterVersionNotFound'],
    ...['PermanentRedirect', 'PreconditionFailed', 'RequestAbortedException'],
    ...['RequestEntityTooLargeException', 'ResourceNotFoundException', 'SerializationException'],
    ...['TagPolicyViolation', 'UnexpectedContent', 'UnknownOperationException', 'UnknownParameter'],
    ...['UnsupportedOperation', 'UnsupportedParameterType', 'UnsupportedProtocol', 'ValidationError'],
    ...['ValidationException', 'XAmzContentSHA256Mismatch'],
  ],
};

const kindOf: ReadonlyMap<string, string> = new Map(
  Object.entries(kinds).flatMap(([kind, codes]) => codes.map((code) => [code, kind] as const)),
);

/** The codes that a service can answer with: those of its calls' models and those of the documentation. */
function codesOf(service: string): (readonly [code: string, status: number])[] {
  const own = documentedErrors[service] ?? documentedErrors.common!;
  const ofModel = Object.values(modelErrors[service] ?? {}).flatMap((codes) => Object.entries(codes));
  return [...new Map([...ofModel, ...Object.entries(own)])].sort(([a], [b]) => (a < b ? -1 : 1));
}

const said = 'these are the words of the service';

/** A message with AWS's own code and words, and a hint in sentences; and nothing that a user would report as a bug. */
function checkExplained(error: unknown, { code, kind }: { code: string; kind: string | undefined }): void {
  expect(kind, `${code} has to be put among the kinds`).toBeDefined();
  expect(error).toBeInstanceOf(AwsCallError);
  const shown = explain(error);
  expect({ code, kind: shown.code }).toEqual({ code, kind });
  expect(shown.message).toContain(code);
  expect(shown.message).toContain(said);
  expect(shown.hint).toMatch(/^[A-Z].*\.$/);
  expect(isErrorCode(shown.code)).toBe(true);
}

let account: TestAccount;
beforeAll(async () => {
  account = await openAccount();
});
afterAll(() => account[Symbol.asyncDispose]());

interface Calling {
  readonly service: Parameters<typeof createSender>[0]['service'];
  readonly call: (account: TestAccount) => Promise<unknown>;
}

const once = { maxAttempts: 1 };

/** A call that reads little, over the wire, by the sender that all calls go through. */
const cheapCalls: Readonly<Record<string, Calling['call']>> = {
  autoscaling: ({ client }) =>
    createSender({
      client: client(AutoScalingClient, once),
      service: 'Auto Scaling',
      outageTimeoutMs: 0,
    }).send(new DescribeLaunchConfigurationsCommand({})),
  ebs: ({ client }) =>
    createSender({ client: client(EBSClient, once), service: 'EBS', outageTimeoutMs: 0 }).send(
      new ListSnapshotBlocksCommand({ SnapshotId: 'snap-0123456789abcdef0' }),
    ),
  ec2: ({ ec2 }) =>
    createSender({ client: ec2, service: 'EC2', outageTimeoutMs: 0 }).send(new DescribeRegionsCommand({}), {
      retry: false,
    }),
  iam: ({ client }) =>
    createSender({ client: client(IAMClient, once), service: 'IAM', outageTimeoutMs: 0 }).send(
      new GetRoleCommand({ RoleName: 'vmimport' }),
    ),
  s3: ({ s3 }) =>
    createSender({ client: s3, service: 'S3', outageTimeoutMs: 0 }).send(
      new GetBucketLocationCommand({ Bucket: bucket }),
      {
        retry: false,
      },
    ),
  ssm: ({ client }) =>
    createSender({ client: client(SSMClient, once), service: 'SSM', outageTimeoutMs: 0 }).send(
      new GetParametersCommand({ Names: ['/images/fedora'] }),
    ),
  sts: ({ client }) =>
    createSender({ client: client(STSClient, once), service: 'STS', outageTimeoutMs: 0 }).send(
      new GetCallerIdentityCommand({}),
    ),
};

async function answeredWith(
  service: string,
  answer: {
    readonly code: string;
    readonly status: number;
    readonly reason?: string;
    readonly message?: string;
  },
): Promise<unknown> {
  account.aws.faults.clear();
  account.aws.faults.add({
    match: { service: service as 'ec2' },
    times: 'always',
    action: { kind: 'error', message: said, ...answer },
  });
  return cheapCalls[service]!(account).then(
    () => expect.unreachable(`${answer.code} passed for an answer`),
    (error: unknown) => error,
  );
}

describe.each(Object.keys(cheapCalls))('every code that %s can answer with is explained', (service) => {
  test.each(codesOf(service))('%s (HTTP %i)', async (code, status) => {
    checkExplained(await answeredWith(service, { code, status }), { code, kind: kindOf.get(code) });
  });
});

describe.each(['kms', 'rbin', 'service-quotas'])(
  'every code that %s can answer with is explained',
  (service) => {
    test.each(codesOf(service))('%s (HTTP %i)', (code, httpStatusCode) => {
      const error = Object.assign(new Error(said), { name: code, $metadata: { httpStatusCode } });
      checkExplained(explainCall({ error, service: 'EC2', operation: 'DescribeImages' }), {
        code,
        kind: kindOf.get(code),
      });
    });
  },
);

test.each(ebsReasons)('EBS direct says %s (HTTP %i) with the reason %s', async (code, status, reason) => {
  const aboutKms = [
    'GRANT_NOT_FOUND',
    'DEPENDENCY_RESOURCE_NOT_FOUND',
    'INVALID_CUSTOMER_KEY',
    'INVALID_GRANT_TOKEN',
  ];
  const kind = aboutKms.includes(reason) ? 'KMS_KEY_UNUSABLE' : kindOf.get(code);
  const error = await answeredWith('ebs', { code, status, reason });
  checkExplained(error, { code, kind });
  if (kind === 'KMS_KEY_UNUSABLE' || reason === 'DEPENDENCY_ACCESS_DENIED') {
    expect((error as Error).message).toContain('the KMS key');
  }
});

test.each([
  [
    'sts',
    'SignatureDoesNotMatch',
    'Signature expired: 20260101T000000Z is now earlier than 20260101T010000Z',
  ],
  ['ebs', 'InvalidSignatureException', 'Signature not yet current: 20260101T010000Z is still later than 1'],
  [
    's3',
    'RequestTimeTooSkewed',
    'The difference between the request time and the current time is too large.',
  ],
])('%s says of a wrong clock %s, which is not about the credentials', async (service, code, message) => {
  const shown = explain(await answeredWith(service, { code, status: 403, message }));
  expect(shown).toMatchObject({ code: 'CLOCK_WRONG', hint: expect.stringContaining('clock') });
});

test('the codes of every call that is made are among those of the models', async () => {
  const made = await callsMade(join(import.meta.dirname, '../..'));
  expect(made.length).toBeGreaterThan(40);
  // EC2's model names no codes: they are those of the documentation.
  const unknown = made.filter(
    ({ service, operation }) => service !== 'ec2' && !modelErrors[service]?.[operation],
  );
  expect(unknown).toEqual([]);
});

test('each code is of one kind', () => {
  const all = Object.values(kinds).flat();
  expect(all.filter((code, index) => all.indexOf(code) !== index)).toEqual([]);
});
