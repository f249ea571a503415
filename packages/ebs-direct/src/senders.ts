import type {
  EBSClient,
  EBSClientResolvedConfig,
  ServiceInputTypes as EbsInput,
  ServiceOutputTypes as EbsOutput,
} from '@aws-sdk/client-ebs';
import type {
  EC2Client,
  EC2ClientResolvedConfig,
  ServiceInputTypes as Ec2Input,
  ServiceOutputTypes as Ec2Output,
} from '@aws-sdk/client-ec2';
import { type CallOptions, createSender, type Sender } from '@ec2-image/aws-call';

export type Ebs = Sender<EbsInput, EbsOutput, EBSClientResolvedConfig>;
export type Ec2 = Sender<Ec2Input, Ec2Output, EC2ClientResolvedConfig>;

export function createEbs({ ebs, ...options }: CallOptions & { readonly ebs: EBSClient }): Ebs {
  return createSender({ ...options, client: ebs, service: 'EBS' });
}

export function createEc2({ ec2, ...options }: CallOptions & { readonly ec2: EC2Client }): Ec2 {
  return createSender({ ...options, client: ec2, service: 'EC2' });
}
