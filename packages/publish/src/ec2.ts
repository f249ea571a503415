import type {
  EC2Client,
  EC2ClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-ec2';
import { type CallOptions, createSender, type Sender } from '@ec2-image/aws-call';

/** What every verb of this package takes. */
export interface Ec2Options extends CallOptions {
  readonly client: EC2Client;
}

export type Ec2 = Sender<ServiceInputTypes, ServiceOutputTypes, EC2ClientResolvedConfig>;

export function createEc2(options: Ec2Options): Ec2 {
  return createSender({ ...options, service: 'EC2' });
}
