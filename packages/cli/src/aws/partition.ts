/** A part of AWS with accounts and endpoints of its own. */
export interface Partition {
  /** As in `arn:aws-cn:…`. */
  readonly id: string;
  /** One that no account of it can switch off. */
  readonly homeRegion: string;
  /** Of its endpoints. */
  readonly dnsSuffix: string;
}

const commercial: Partition = { id: 'aws', homeRegion: 'us-east-1', dnsSuffix: 'amazonaws.com' };

/** By the beginnings of their regions' names: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html */
const others: readonly (readonly [prefix: string, Partition])[] = [
  ['cn-', { id: 'aws-cn', homeRegion: 'cn-north-1', dnsSuffix: 'amazonaws.com.cn' }],
  ['us-gov-', { id: 'aws-us-gov', homeRegion: 'us-gov-west-1', dnsSuffix: 'amazonaws.com' }],
  ['eusc-', { id: 'aws-eusc', homeRegion: 'eusc-de-east-1', dnsSuffix: 'amazonaws.eu' }],
  ['us-iso-', { id: 'aws-iso', homeRegion: 'us-iso-east-1', dnsSuffix: 'c2s.ic.gov' }],
  ['us-isob-', { id: 'aws-iso-b', homeRegion: 'us-isob-east-1', dnsSuffix: 'sc2s.sgov.gov' }],
  ['eu-isoe-', { id: 'aws-iso-e', homeRegion: 'eu-isoe-west-1', dnsSuffix: 'cloud.adc-e.uk' }],
  ['us-isof-', { id: 'aws-iso-f', homeRegion: 'us-isof-south-1', dnsSuffix: 'csp.hci.ic.gov' }],
];

export function partitionOf(region: string): Partition {
  return others.find(([prefix]) => region.startsWith(prefix))?.[1] ?? commercial;
}
