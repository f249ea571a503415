export { allPages, type Page, pages } from './all-pages.ts';
export {
  AwsCallError,
  type AwsCallErrorCode,
  type AwsCallFacts,
  awsCodeOf,
  httpStatusOf,
  isAboutCredentials,
  isAboutKmsKey,
  isAwsCallError,
  isTransient,
  isTransientQuota,
  refusedCodeOf,
  withKmsKey,
} from './aws-call-error.ts';
export { backOffMs, type Pace } from './back-off.ts';
export { type Clock, systemClock } from './clock.ts';
export { repeatClockErrorsAlone } from './clock-errors.ts';
export { deriveClient, withoutRetries } from './derive-client.ts';
export type { DecodeDenial } from './encoded-denial.ts';
export {
  type AwsErrorFacts,
  awsErrorFacts,
  formatAwsError,
  hasAwsCode,
  isAccessDenied,
  isAmbiguous,
  isCredentialsError,
  isThrottling,
} from './error-facts.ts';
export {
  type CredentialsExplanation,
  explainCall,
  explainCredentials,
  type FailedCall,
} from './explain-call.ts';
export { isOutage, type Outage, watchOutage } from './outage.ts';
export { pause } from './pause.ts';
export { actionsOf, type ServiceName } from './permissions.ts';
export { type Policy, type PolicyName, policies } from './policies.ts';
export { type Retry, retry } from './retry.ts';
export { createSender, type Sender, type SendOptions } from './sender.ts';
export { createServiceClock, type ServiceClock } from './service-clock.ts';
export { timeLimit } from './time-limit.ts';
export { findConsistently, findInTime, retryThroughOutage, type Wait, waitUntil } from './wait-until.ts';
export { afterAbort, type CallOptions, createWaiter, type Waiter } from './waiter.ts';
