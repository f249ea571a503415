export {
  type AwsErrorFacts,
  awsErrorFacts,
  formatAwsError,
  hasAwsCode,
  isAccessDenied,
  isAmbiguous,
  isCredentialsError,
  isThrottling,
} from './aws-error.ts';
