import type {
  EC2Client,
  EC2ClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-ec2';
import {
  type CallOptions,
  createSender,
  isTransient,
  policies,
  refusedCodeOf,
  retry,
  type Sender,
} from '@ec2-image/aws-call';

/** What every verb of this package takes. */
export interface Ec2Options extends CallOptions {
  readonly client: EC2Client;
}

export interface Ec2 extends Sender<ServiceInputTypes, ServiceOutputTypes, EC2ClientResolvedConfig> {
  /** That the client is set up for. */
  region(): Promise<string>;
}

export function createEc2(options: Ec2Options): Ec2 {
  return {
    ...createSender({ ...options, service: 'EC2' }),
    region: async () => options.client.config.region(),
  };
}

/** A resource that one call has shown, or made, may not be known to the next one yet. */
export function isNotSeenYet(error: unknown): boolean {
  return isTransient(error) || /NotFound$/.test(refusedCodeOf(error) ?? '');
}

/** A read of what EC2 has shown already. */
export function readSeen<T>(ec2: Ec2, read: () => Promise<T>): Promise<T> {
  return retry(ec2, { policy: policies.visible, call: read, isRetryable: isNotSeenYet });
}
