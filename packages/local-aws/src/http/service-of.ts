import type { IncomingMessage } from 'node:http';
import type { ServiceName } from '../service.ts';
import type { ReadAuthorization } from './authorization.ts';

const byScope: Readonly<Record<string, ServiceName>> = {
  s3: 's3',
  ec2: 'ec2',
  sts: 'sts',
  iam: 'iam',
  ebs: 'ebs',
  ssm: 'ssm',
  kms: 'kms',
  awsssoportal: 'sso',
  autoscaling: 'autoscaling',
  servicequotas: 'service-quotas',
};

const byVersion: Readonly<Record<string, ServiceName>> = {
  '2016-11-15': 'ec2',
  '2011-06-15': 'sts',
  '2010-05-08': 'iam',
  '2011-01-01': 'autoscaling',
};

/** Which service a request is meant for: what its signature is scoped to or, unsigned, what it looks like. */
export function serviceOf(
  read: ReadAuthorization,
  query: URLSearchParams,
  { method, headers }: Pick<IncomingMessage, 'method' | 'headers'>,
): { name: ServiceName } | { unknown: string } {
  if (read.kind === 'signed') {
    const { service } = read.authorization;
    const name = Object.hasOwn(byScope, service) ? byScope[service] : undefined;
    return name ? { name } : { unknown: service };
  }
  if (headers['x-amz-sso_bearer_token'] !== undefined) return { name: 'sso' };
  const version = query.get('Version');
  if (query.has('Action')) return { name: byVersion[version ?? ''] ?? 'ec2' };
  if (method === 'POST' && headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    return { name: 'ec2' };
  }
  if (headers['x-amz-target']?.toString().startsWith('AmazonSSM')) return { name: 'ssm' };
  if (headers['x-amz-target']?.toString().startsWith('TrentService')) return { name: 'kms' };
  if (headers['x-amz-target']?.toString().startsWith('ServiceQuotas')) return { name: 'service-quotas' };
  return { name: 's3' };
}
