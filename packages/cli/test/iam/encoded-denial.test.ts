import { DecodeAuthorizationMessageCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, vi } from 'vitest';
import { expect, testWith } from '../support/fixtures.ts';
import type { ImportDocument } from '../support/import.ts';

const limited = { accessKeyId: 'LIMITED', secretAccessKey: 'whatever' };
const everything = { Effect: 'Allow', Action: '*', Resource: '*' };
const withoutImages = { Effect: 'Deny', Action: 'ec2:DescribeImages', Resource: '*', Sid: 'NoImages' };
const withoutDecoding = { Effect: 'Deny', Action: 'sts:DecodeAuthorizationMessage', Resource: '*' };

/** Of an import that may not list AMIs: what it says. */
const test = testWith().extend('denied', async ({ runImport }) => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', limited.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', limited.secretAccessKey);
  const end = await runImport();
  vi.unstubAllEnvs();
  const error = end.result?.error ?? end.json<ImportDocument>().error!;
  expect(error).toMatchObject({ code: 'ACCESS_DENIED' });
  expect(error.message).not.toContain('Encoded authorization failure message');
  return error;
});

const underPolicies = (...statements: readonly object[]) =>
  test.extend('accountOptions', {
    credentials: [
      { ...limited, userName: 'limited', policies: [{ Version: '2012-10-17', Statement: statements }] },
    ],
  });

afterEach(() => {
  vi.unstubAllEnvs();
});

underPolicies(everything, withoutImages)(
  'the encoded text of a denial is decoded by whoever may: which statement denies what',
  async ({ denied }) => {
    expect(denied.message).toMatch(
      /decoded: a policy denies ec2:DescribeImages on \* by arn:aws:iam::123456789012:user\/limited \(statement NoImages\)$/,
    );
    expect(denied.hint).toContain('Remove the Deny of ec2:DescribeImages (statement NoImages)');
  },
);

underPolicies({ Effect: 'Allow', Action: ['s3:*', 'sts:*'], Resource: '*' })(
  'the encoded text of a denial is decoded by whoever may: what no policy allows',
  async ({ denied }) => {
    expect(denied.message).toMatch(/decoded: no policy allows ec2:DescribeImages on \* by \S+user\/limited$/);
    expect(denied.hint).toContain('Allow ec2:DescribeImages on * in the policy');
  },
);

underPolicies(
  everything,
  withoutImages,
  withoutDecoding,
)(
  'the encoded text of a denial is for others to decode, by a command that the hint names',
  async ({ denied, account }) => {
    const [, EncodedMessage] =
      /: aws sts decode-authorization-message .*--encoded-message (\S+)$/.exec(denied.hint) ?? [];
    const { DecodedMessage } = await account
      .client(STSClient)
      .send(new DecodeAuthorizationMessageCommand({ EncodedMessage }));
    expect(JSON.parse(DecodedMessage!)).toMatchObject({ context: { action: 'ec2:DescribeImages' } });
  },
);
