import { AutoScalingClient, DescribeLaunchConfigurationsCommand } from '@aws-sdk/client-auto-scaling';
import { StartSnapshotCommand } from '@aws-sdk/client-ebs';
import { DescribeRegionsCommand } from '@aws-sdk/client-ec2';
import { GetRoleCommand } from '@aws-sdk/client-iam';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { GetServiceQuotaCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { DescribeParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { Preset } from '../../src/faults/rules.ts';
import type { ServiceName } from '../../src/service.ts';
import { describe, expect, testWith } from '../support/account.ts';

/** The portal of SSO has no stock client among the dependencies. */
type SignedService = Exclude<ServiceName, 'sso'>;

const test = testWith()
  .extend('autoscaling', { scope: 'file' }, ({ account }) => account.client(AutoScalingClient))
  .extend('ssm', { scope: 'file' }, ({ account }) => account.client(SSMClient))
  .extend('kms', { scope: 'file' }, ({ account }) => account.client(KMSClient))
  .extend('quotas', { scope: 'file' }, ({ account }) => account.client(ServiceQuotasClient))
  .extend('ask', { scope: 'file' }, ({ account, ebs, iam, sts, ssm, kms, quotas, autoscaling }) => {
    const calls: Readonly<Record<SignedService, () => Promise<unknown>>> = {
      s3: () => account.s3.send(new ListBucketsCommand({})),
      ec2: () => account.ec2.send(new DescribeRegionsCommand({})),
      ebs: () => ebs.send(new StartSnapshotCommand({ VolumeSize: 1 })),
      iam: () => iam.send(new GetRoleCommand({ RoleName: 'vmimport' })),
      sts: () => sts.send(new GetCallerIdentityCommand({})),
      ssm: () => ssm.send(new DescribeParametersCommand({})),
      kms: () => kms.send(new DescribeKeyCommand({ KeyId: 'alias/aws/ebs' })),
      'service-quotas': () =>
        quotas.send(new GetServiceQuotaCommand({ ServiceCode: 'ec2', QuotaCode: 'L-B665C33B' })),
      autoscaling: () => autoscaling.send(new DescribeLaunchConfigurationsCommand({})),
    };
    /** What a stock client makes of the preset at its next call. */
    return (service: SignedService, preset: Preset): Promise<unknown> => {
      account.aws.faults.add({ match: { service }, action: { kind: 'error', preset } });
      return calls[service]().then(
        () => 'answered',
        (error: unknown) => error,
      );
    };
  });

const query = (codes: Partial<Record<Preset, string>>) => ({ sts: codes, iam: codes, autoscaling: codes });
const queryCodes = query({
  'slow-down': '400 ThrottlingException',
  'invalid-token': '403 InvalidClientTokenId',
  'unknown-key': '403 InvalidClientTokenId',
  'invalid-signature': '403 SignatureDoesNotMatch',
  'signature-expired': '403 SignatureDoesNotMatch',
  'signature-not-yet-current': '403 SignatureDoesNotMatch',
  'opt-in-required': '403 OptInRequired',
  'html-502': '502',
});
const jsonCodes: Partial<Record<Preset, string>> = {
  'slow-down': '400 ThrottlingException',
  'invalid-token': '403 UnrecognizedClientException',
  'unknown-key': '403 UnrecognizedClientException',
  'invalid-signature': '403 InvalidSignatureException',
  'signature-expired': '403 InvalidSignatureException',
  'signature-not-yet-current': '403 InvalidSignatureException',
  'opt-in-required': '403 OptInRequired',
  'html-503': '503',
};

/** The code as the SDK reads it; an answer of HTML has none, and is known by its status alone. */
const codes: Readonly<Record<SignedService, Partial<Record<Preset, string>>>> = {
  s3: {
    'slow-down': '503 SlowDown',
    'invalid-token': '400 InvalidToken',
    'unknown-key': '403 InvalidAccessKeyId',
    'invalid-signature': '403 SignatureDoesNotMatch',
    'signature-expired': '403 RequestTimeTooSkewed',
    'signature-not-yet-current': '403 RequestTimeTooSkewed',
    'opt-in-required': '403 NotSignedUp',
    'kms-access-denied': '403 AccessDenied',
    'kms-key-missing': '400 KMS.NotFoundException',
    'kms-key-disabled': '400 KMS.DisabledException',
    'html-502': '502',
    'html-503': '503',
  },
  ec2: {
    'slow-down': '503 EC2ThrottledException',
    'invalid-token': '401 AuthFailure',
    'unknown-key': '401 AuthFailure',
    'invalid-signature': '401 AuthFailure',
    'signature-expired': '400 RequestExpired',
    'signature-not-yet-current': '401 AuthFailure',
    'opt-in-required': '401 OptInRequired',
    'html-502': '502',
    'html-503': '503',
  },
  ...queryCodes,
  sts: { ...queryCodes.sts, 'region-disabled': '403 RegionDisabledException' },
  ssm: jsonCodes,
  'service-quotas': jsonCodes,
  kms: {
    ...jsonCodes,
    'kms-access-denied': '400 AccessDeniedException',
    'kms-key-missing': '400 NotFoundException',
    'kms-key-disabled': '400 DisabledException',
  },
  ebs: {
    ...jsonCodes,
    'kms-access-denied': '403 AccessDeniedException DEPENDENCY_ACCESS_DENIED',
    'kms-key-missing': '404 ResourceNotFoundException DEPENDENCY_RESOURCE_NOT_FOUND',
    'kms-grant-missing': '404 ResourceNotFoundException GRANT_NOT_FOUND',
    'kms-key-disabled': '400 ValidationException INVALID_CUSTOMER_KEY',
    'kms-throttling': '400 RequestThrottledException DEPENDENCY_REQUEST_THROTTLED',
    'block-unread': '400 ValidationException INVALID_BLOCK',
    'write-timeout': '400 ValidationException WRITE_REQUEST_TIMEOUT',
    'html-502': '502',
  },
};

interface Received {
  readonly name: string;
  readonly Reason?: string;
  readonly $metadata: { readonly httpStatusCode?: number };
}

describe.each(Object.entries(codes))('%s', (service, expected) => {
  test.for(Object.entries(expected))('%s is %s', async ([preset, code], { ask }) => {
    const error = (await ask(service as SignedService, preset as Preset)) as Received;
    const { name, Reason, $metadata } = error;
    const isHtml = preset.startsWith('html-');
    expect([$metadata?.httpStatusCode, ...(isHtml ? [] : [name, Reason])].filter(Boolean).join(' ')).toBe(
      code,
    );
  });
});

test('an answer in HTML is of a load balancer, not of the service', async ({ account }) => {
  account.aws.faults.add({ match: { service: 'ec2' }, action: { kind: 'error', preset: 'html-503' } });
  const answer = await fetch(`${account.aws.url}/?Action=DescribeRegions`);
  // Nobody signed that one: the fault still waits for a call.
  expect(answer.status).toBe(400);
  const error = await account.ec2.send(new DescribeRegionsCommand({})).catch((error: unknown) => error);
  const { $response } = error as { $response: { statusCode: number; headers: Record<string, string> } };
  expect($response.statusCode).toBe(503);
  expect($response.headers['content-type']).toBe('text/html');
});

test('what one service alone answers needs that service in the rule', ({ account }) => {
  const { faults } = account.aws;
  const action = { kind: 'error', preset: 'kms-grant-missing' } as const;
  expect(() => faults.add({ action })).toThrow(/match.service must be one of ebs for the preset kms-grant/);
  expect(() => faults.add({ match: { service: 's3' }, action })).toThrow(/one of ebs/);
});
