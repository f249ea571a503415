import { DescribeImagesCommand } from '@aws-sdk/client-ec2';
import { findImage } from '@ec2-image/ec2-import';
import { describe, expect, test } from 'vitest';
import { explainCall } from '../src/errors.ts';
import { digest } from './marks.ts';
import { connectionReset, ec2Error, mocked } from './mocked.ts';

const timedOut = Object.assign(new Error('socket timed out'), {
  name: 'TimeoutError',
  $metadata: { attempts: 3 },
});
const noCredentials = Object.assign(new Error('Could not load credentials from any providers'), {
  name: 'CredentialsProviderError',
});
const ssoExpired = Object.assign(
  new Error('Token is expired. To refresh this SSO session run aws sso login'),
  {
    name: 'CredentialsProviderError',
  },
);
const garbled = Object.assign(new Error('XML parse error:\n  mismatched tags'), {
  $metadata: { httpStatusCode: 200 },
});

describe('what EC2 answers to a call', () => {
  test.each([
    ['UnauthorizedOperation', ec2Error('UnauthorizedOperation', 'not you', 403), 'ACCESS_DENIED'],
    ['RequestLimitExceeded', ec2Error('RequestLimitExceeded', 'slow down', 503), 'THROTTLED'],
    ['EC2ThrottledException', ec2Error('EC2ThrottledException'), 'THROTTLED'],
    ['RequestExpired', ec2Error('RequestExpired', 'Request has expired.'), 'CREDENTIALS_EXPIRED'],
    ['ExpiredToken', ec2Error('ExpiredToken', 'The provided token is old'), 'CREDENTIALS_EXPIRED'],
    ['an SSO session that is over', ssoExpired, 'CREDENTIALS_EXPIRED'],
    ['AuthFailure', ec2Error('AuthFailure', 'not validated', 401), 'CREDENTIALS_REFUSED'],
    ['no credentials', noCredentials, 'CREDENTIALS_REFUSED'],
    ['an internal error', ec2Error('InternalError', 'oops', 500), 'EC2_UNREACHABLE'],
    ['a connection reset', connectionReset(), 'EC2_UNREACHABLE'],
    ['no answer in time', timedOut, 'EC2_UNREACHABLE'],
    ['an answer that cannot be read', garbled, 'EC2_UNREACHABLE'],
    ['InvalidParameterValue', ec2Error('InvalidParameterValue'), 'EC2_REFUSED'],
  ])('%s', (_, cause, code) => {
    const error = explainCall({ error: cause, operation: 'DescribeImages' });
    expect(error).toMatchObject({
      code,
      operation: 'DescribeImages',
      cause,
      hint: expect.stringMatching(/\.$/),
    });
    expect((error as Error).message).toMatch(/DescribeImages: [^\n]+$/);
  });

  test('what neither EC2 nor the SDK said is left as it is', () => {
    const bug = new TypeError('a bug');
    expect(explainCall({ error: bug, operation: 'DescribeImages' })).toBe(bug);
    expect(explainCall({ error: 'odd', operation: 'DescribeImages' })).toBe('odd');
  });
});

test("a call that the signal cut off ends with the signal's reason, and none is made after it", async () => {
  const controller = new AbortController();
  const account = mocked({ signal: controller.signal });
  const reason = new Error('interrupted');
  account.mock.on(DescribeImagesCommand).callsFake(() => {
    controller.abort(reason);
    throw Object.assign(new Error('Request aborted'), { name: 'AbortError' });
  });
  const look = () => findImage({ ...account.verb, name: 'image-i1', digest });
  await expect(look()).rejects.toBe(reason);
  await expect(look()).rejects.toBe(reason);
  expect(account.mock.calls()).toHaveLength(1);
});
