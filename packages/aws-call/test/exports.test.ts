import * as api from '@ec2-image/aws-call';
import { expect, test } from 'vitest';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "AwsCallError",
      "actionsOf",
      "afterAbort",
      "allPages",
      "awsCodeOf",
      "awsErrorFacts",
      "backOffMs",
      "createSender",
      "createServiceClock",
      "createWaiter",
      "deriveClient",
      "explainCall",
      "explainCredentials",
      "findConsistently",
      "formatAwsError",
      "hasAwsCode",
      "httpStatusOf",
      "isAboutCredentials",
      "isAboutKmsKey",
      "isAccessDenied",
      "isAmbiguous",
      "isAwsCallError",
      "isCredentialsError",
      "isOutage",
      "isThrottling",
      "isTransient",
      "isTransientQuota",
      "pages",
      "pause",
      "policies",
      "refusedCodeOf",
      "retry",
      "retryThroughOutage",
      "systemClock",
      "timeLimit",
      "waitUntil",
      "watchOutage",
      "withKmsKey",
      "withoutRetries",
    ]
  `);
});
