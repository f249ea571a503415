import type * as autoScaling from '@aws-sdk/client-auto-scaling';
import type * as ec2 from '@aws-sdk/client-ec2';
import type * as s3 from '@aws-sdk/client-s3';
import type * as ssm from '@aws-sdk/client-ssm';
import { type CallOptions, createSender, type Sender } from '@ec2-image/aws-call';
import type { RegionalClients } from './clients.ts';

export type S3 = Sender<s3.ServiceInputTypes, s3.ServiceOutputTypes, s3.S3ClientResolvedConfig>;
export type Ec2 = Sender<ec2.ServiceInputTypes, ec2.ServiceOutputTypes, ec2.EC2ClientResolvedConfig>;
export type AutoScaling = Sender<
  autoScaling.ServiceInputTypes,
  autoScaling.ServiceOutputTypes,
  autoScaling.AutoScalingClientResolvedConfig
>;
export type Ssm = Sender<ssm.ServiceInputTypes, ssm.ServiceOutputTypes, ssm.SSMClientResolvedConfig>;

/** The clients of every region as they are called: with the verb's signal and clock, and errors that explain themselves. */
export interface Senders {
  readonly s3: (region: string) => S3;
  readonly ec2: (region: string) => Ec2;
  readonly autoScaling: (region: string) => AutoScaling;
  readonly ssm: (region: string) => Ssm;
}

export function createSenders({
  clients,
  ...options
}: CallOptions & { readonly clients: RegionalClients }): Senders {
  return {
    s3: perRegion((region) => createSender({ ...options, client: clients.s3(region), service: 'S3' })),
    ec2: perRegion((region) => createSender({ ...options, client: clients.ec2(region), service: 'EC2' })),
    autoScaling: perRegion((region) =>
      createSender({ ...options, client: clients.autoScaling(region), service: 'Auto Scaling' }),
    ),
    ssm: perRegion((region) => createSender({ ...options, client: clients.ssm(region), service: 'SSM' })),
  };
}

function perRegion<T>(create: (region: string) => T): (region: string) => T {
  const created = new Map<string, T>();
  return (region) => {
    const sender = created.get(region) ?? create(region);
    created.set(region, sender);
    return sender;
  };
}
