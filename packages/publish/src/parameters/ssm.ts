import type {
  ServiceInputTypes,
  ServiceOutputTypes,
  SSMClient,
  SSMClientResolvedConfig,
} from '@aws-sdk/client-ssm';
import { type CallOptions, createSender, type Sender } from '@ec2-image/aws-call';

/** What the verbs of parameters take. */
export interface SsmOptions extends CallOptions {
  /** Of the region that the parameters are in. */
  readonly client: SSMClient;
}

export type Ssm = Sender<ServiceInputTypes, ServiceOutputTypes, SSMClientResolvedConfig>;

export function createSsm(options: SsmOptions): Ssm {
  return createSender({ ...options, service: 'SSM' });
}
