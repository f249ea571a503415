import type { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SSMClient } from '@aws-sdk/client-ssm';

/** A client for each region, set up by the caller: credentials, retries (throttling included) and time-outs are theirs. */
export interface RegionalClients {
  readonly s3: (region: string) => S3Client;
  readonly ec2: (region: string) => EC2Client;
  /** Asked for launch configurations, where an AMI is about to be deleted. */
  readonly autoScaling: (region: string) => AutoScalingClient;
  /** Asked for parameters only in regions without DescribeImageReferences. */
  readonly ssm: (region: string) => SSMClient;
}
