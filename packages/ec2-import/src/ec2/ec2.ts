import type {
  EC2Client,
  EC2ClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-ec2';
import { type CallOptions, createSender, type Sender } from '@ec2-image/aws-call';

/** What every verb of this package takes. */
export interface Ec2Options extends CallOptions {
  /** Brings region, credentials, endpoint, retries (adaptive is advised) and the time limit of a request. */
  readonly client: EC2Client;
  /** Notices about a task that is left running say that the same command finds it. Default true. */
  readonly resumes?: boolean;
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
