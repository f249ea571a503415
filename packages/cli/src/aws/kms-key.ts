import { DescribeKeyCommand, type KeyMetadata, KMSClient } from '@aws-sdk/client-kms';
import { AwsCallError, type CallOptions, createSender, isAwsCallError } from '@ec2-image/aws-call';
import { CliError } from '../errors/cli-error.ts';
import { clientSettings } from './clients.ts';
import type { Connection } from './connection.ts';
import { callOptions, observeCalls } from './observe-calls.ts';

/**
 * The ARN of a key that volumes can be encrypted with. Where these credentials may not describe it, an ARN is taken at its
 * word: EBS and EC2 have the last one.
 *
 * @param options.key an id, an alias, or the ARN of either
 * @throws CliError `KMS_KEY_UNUSABLE`; AwsCallError
 */
export async function findKmsKey({
  connection,
  key,
  ...options
}: CallOptions & { readonly connection: Connection; readonly key: string }): Promise<string> {
  const client = new KMSClient(clientSettings(connection, 'KMS'));
  observeCalls(client, connection);
  const sender = createSender({ client, service: 'KMS', ...callOptions(connection), ...options });
  try {
    const { KeyMetadata } = await sender.send(new DescribeKeyCommand({ KeyId: key }));
    const reason = KeyMetadata && whyUnusable(KeyMetadata);
    if (reason !== undefined) throw unusable(key, reason);
    return KeyMetadata?.Arn ?? key;
  } catch (error) {
    if (isAwsCallError(error, 'KMS_KEY_UNUSABLE')) throw unusable(key, error.message, error);
    if (!isAwsCallError(error, 'ACCESS_DENIED')) throw error;
    if (/:key\//.test(key)) {
      options.onNotice?.(`cannot check the KMS key ${key}: ${error.message}`);
      return key;
    }
    throw new AwsCallError(error.code, `cannot look up the KMS key ${key}: ${error.message}`, {
      hint: 'Allow kms:DescribeKey for it, or give the ARN of the key itself (arn:…:key/…).',
      cause: error,
      facts: { ...error.facts, kmsKey: key },
    });
  } finally {
    client.destroy();
  }
}

/** Whether a key is one that AWS made for a service: nobody else can be allowed to use it. Unknown counts as no. */
export async function isAwsManagedKey({
  connection,
  key,
  ...options
}: CallOptions & { readonly connection: Connection; readonly key: string }): Promise<boolean> {
  const client = new KMSClient(clientSettings(connection, 'KMS'));
  observeCalls(client, connection);
  const sender = createSender({ client, service: 'KMS', ...callOptions(connection), ...options });
  try {
    const { KeyMetadata } = await sender.send(new DescribeKeyCommand({ KeyId: key }));
    return KeyMetadata?.KeyManager === 'AWS';
  } catch (error) {
    if (!isAwsCallError(error, 'ACCESS_DENIED')) throw error;
    return false;
  } finally {
    client.destroy();
  }
}

/** https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html; EBS takes symmetric keys for encryption alone. */
export function whyUnusable({ KeyState, KeySpec, KeyUsage }: KeyMetadata): string | undefined {
  if (KeyState !== undefined && KeyState !== 'Enabled') return `it is in the state ${KeyState}`;
  const isSymmetric = KeySpec === undefined || KeySpec === 'SYMMETRIC_DEFAULT';
  return isSymmetric && (KeyUsage === undefined || KeyUsage === 'ENCRYPT_DECRYPT')
    ? undefined
    : `it is for ${KeyUsage} (${KeySpec}), and EBS needs a symmetric key for encryption`;
}

function unusable(key: string, reason: string, cause?: Error): CliError {
  return new CliError('KMS_KEY_UNUSABLE', `the KMS key ${key} cannot be used: ${reason}`, {
    hint: 'Enable the key, cancel its deletion, or give another --kms-key of this region.',
    cause,
    facts: { kmsKey: key },
  });
}
