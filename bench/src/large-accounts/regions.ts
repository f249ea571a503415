/** What an account has to opt into. */
export const optInRegions = ['eu-south-1', 'ap-east-1', 'me-south-1'];

/** Where AMIs are made; all other regions have copies of them. */
export const homeRegion = 'us-east-1';

/** These, and those that no account has to opt into. */
export const twentyRegions: readonly string[] = [
  ...[homeRegion, 'us-east-2', 'us-west-1', 'us-west-2', 'ca-central-1', 'sa-east-1'],
  ...['eu-west-1', 'eu-west-2', 'eu-west-3', 'eu-central-1', 'eu-north-1'],
  ...['ap-south-1', 'ap-southeast-1', 'ap-southeast-2', 'ap-northeast-1', 'ap-northeast-2'],
  ...['ap-northeast-3', ...optInRegions],
];
