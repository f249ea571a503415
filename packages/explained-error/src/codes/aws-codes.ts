import type { CodeTable } from './code-entry.ts';

/** What can become of a call to any AWS service. */
export const awsCodes = {
  ACCESS_DENIED: {
    means: 'The policy of these credentials does not allow a call. The message names the call.',
    remedy: 'Allow the action that the hint names, or use other credentials (--profile).',
  },
  ACCOUNT_BLOCKED: {
    means:
      'AWS lets the account do nothing: a payment is due, or the account is being verified or has been suspended.',
    remedy: 'Open the billing page and the AWS Health Dashboard of the account, or contact AWS Support.',
  },
  ACCOUNT_UNKNOWN: {
    means:
      'STS did not say which account the credentials belong to, so that nothing can be known to be its own.',
    remedy:
      'Check the network and the endpoint of STS, then run the same command again. --allow-unknown-account continues without it.',
  },
  ANOTHER_ACCOUNT: {
    means: 'The credentials belong to another account than the command expects.',
    remedy: 'Use the credentials of the expected account (--profile).',
  },
  AWS_REFUSED: {
    means:
      "The service refused a call for a reason that has no code of its own here. The message holds the service's own.",
    remedy:
      "Look up the service's error code in its API reference, correct what it names, and run the same command again.",
  },
  AWS_UNREACHABLE: {
    means:
      'A service gave no answer, or none that says anything. Whether it carried out the call was looked up where that matters.',
    remedy: 'Check the network, the proxy and --endpoint-url, then run the same command again.',
  },
  BOOT_TEST_FAILED: {
    means:
      'An instance of the AMI did not show that it is up. The AMI stays private, is tagged ec2-image:boot-test=failed, and is neither copied nor shared.',
    remedy:
      "Read the end of the instance's console, which the report shows. The same command tests the AMI again, with a longer timeout or another pattern if they were wrong.",
  },
  BOOT_TEST_REFUSED: {
    means: 'EC2 did not start an instance of the AMI for the boot test. The message has its reason.',
    remedy:
      'Correct what EC2 names: the instance type, the subnet where the account has no default VPC, or permissions on the key of an encrypted snapshot.',
  },
  BOOT_TEST_UNSUITED: {
    means: 'The AMI is for an architecture that a boot test has no instance type for.',
    remedy: 'Test AMIs for x86_64 and arm64.',
  },
  CLOCK_WRONG: {
    means:
      'The clock of the machine differs from that of AWS by more than 15 minutes, so that no signature is valid.',
    remedy: 'Set the clock (for example with `timedatectl set-ntp true`), then run the same command again.',
  },
  COPY_FAILED: {
    means:
      "A copy of an AMI to another region failed, is disabled, or is not shown by EC2 any more. The message has EC2's reason.",
    remedy:
      'Enable a copy that is disabled. Otherwise correct what EC2 names, then run the same command again: it copies again.',
  },
  COPY_NAME_TAKEN: {
    means: 'A region to copy to has another AMI of the same name, which is not a copy of this one.',
    remedy:
      'Use --replace if it is a copy of an earlier AMI; deregister it if it is of no use any more; or use another --suffix.',
  },
  COPY_STALLED: {
    means: 'A copy of an AMI was still pending when the time for it was over.',
    remedy: 'Run the same command again: it waits for the same copy.',
  },
  CREDENTIALS_EXPIRED: {
    means: 'The AWS credentials, or the SSO session they come from, have expired.',
    remedy: 'Renew them (for SSO: `aws sso login`), then run the same command again.',
  },
  CREDENTIALS_MISSING: {
    means: 'There are no AWS credentials in the environment, the configuration files, or the instance.',
    remedy: 'Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; --local needs none.',
  },
  CREDENTIALS_REFUSED: {
    means: 'AWS does not know the credentials, or their signature does not fit.',
    remedy:
      'Check that the key is active, that the secret is that of the key id, and that the clock of the machine is right.',
  },
  GAVE_UP_WAITING: {
    means: 'The expected change did not happen within its limit.',
    remedy: 'Run the same command again later.',
  },
  INSTANCE_NOT_TERMINATED: {
    means: 'EC2 does not show that the instance of a boot test ends.',
    remedy: 'Terminate it with the aws command of the hint: until then it costs money.',
  },
  KMS_KEY_UNUSABLE: {
    means:
      'A KMS key that a snapshot or a bucket is encrypted with is missing, disabled, about to be deleted, or no symmetric key for encryption.',
    remedy:
      'Enable the key, cancel its deletion, or give another --kms-key of the same region; then run the same command again.',
  },
  LATEST_NOT_NEWER: {
    means: 'The parameter of ssm-latest names an AMI of another stream, or one that is newer than this one.',
    remedy: 'Publish the newest image, or use --force to move the parameter all the same.',
  },
  MFA_NEEDS_TERMINAL: {
    means: 'The AWS profile asks for a code of an MFA device, and there is no terminal to ask on.',
    remedy: 'Run the command on a terminal, or use credentials that need no code.',
  },
  NOT_IMPORTED: {
    means:
      'The AMI that is to be published does not exist, is not proven as far as the configuration asks, or failed its boot test.',
    remedy: 'Run `ec2-image import` with the same configuration.',
  },
  PARAMETER_CHANGED: {
    means: 'An SSM parameter got another value while it was being set to an AMI.',
    remedy: 'Make sure that only one run publishes the image, then run the same command again.',
  },
  PARAMETER_NOT_APPLIED: {
    means:
      'SSM took the AMI for a parameter and did not store it. It validates the AMI after it has answered, with the permissions of the caller.',
    remedy:
      'Allow ec2:DescribeImages, and make sure that the AMI is available in the region; then run the same command again.',
  },
  PARAMETER_REFUSED: {
    means: 'SSM does not take a parameter of that name. The message has its reason.',
    remedy: 'Correct ssm-parameter or ssm-latest.',
  },
  PUBLIC_ACCESS_BLOCKED: {
    means:
      'The account blocks public access to AMIs, or to snapshots, in a region, so that nothing can be made public there.',
    remedy: 'Change the setting of the region, which takes up to ten minutes, or share with accounts.',
  },
  PUBLIC_AMI_QUOTA: {
    means: 'The account has as many public AMIs in a region as it may have.',
    remedy: 'Make an older AMI private, or request a higher quota.',
  },
  PUBLISHED_AMI_MISSING: {
    means: 'EC2 does not show an AMI that is to be published.',
    remedy: 'Run the same command again.',
  },
  PUBLISH_INCOMPLETE: {
    means:
      'Permissions, deprecation or parameters were set, and reads do not show them as configured. The message names each difference.',
    remedy: 'Run the same command again; if it recurs, find what else changes the AMI.',
  },
  QUOTA_EXCEEDED: {
    means: 'The account has as many of something as it may have. The message names what.',
    remedy: 'Free what the quota counts, or request a higher one in Service Quotas.',
  },
  REGION_MISSING: {
    means: 'No region is given.',
    remedy: 'Give --region, set AWS_REGION, or write `region:` into the configuration.',
  },
  REGION_NOT_ENABLED: {
    means: 'The credentials are valid, but the account has not enabled the region.',
    remedy: 'Enable the region (`aws account enable-region`), or use another one.',
  },
  REGION_UNKNOWN: {
    means: 'regions names a region that does not exist in this partition.',
    remedy: 'Correct the name of the region.',
  },
  REPLACED_AMI_ANNOUNCED: {
    means:
      'An AMI that --replace would deregister is named by an SSM parameter, which would then name nothing.',
    remedy: 'Use another --suffix instead of --replace, or delete the parameter first.',
  },
  SERVICE_NOT_ENABLED: {
    means:
      'The account has not subscribed to a service, or the service or STS is not active in this region for it.',
    remedy: 'Enable the region for the account, complete its registration, or use another region.',
  },
  SHARE_AWS_KEY: {
    means: "An AMI that is encrypted with AWS's own key cannot be shared: no other account can use the key.",
    remedy: 'Encrypt with a key of your own (kms-key).',
  },
  SHARE_ENCRYPTED: {
    means:
      'An encrypted AMI cannot be public; a region that encrypts by default makes every copy an encrypted one.',
    remedy: 'Share with accounts instead, or make the AMI without encryption.',
  },
  TEST_INSTANCE_ENDED: {
    means:
      'Something else than the system in it ended the instance of a boot test: a person, a policy of the account, or EC2, each time. That says nothing about the AMI.',
    remedy: 'Correct what the message names, then run the same command again.',
  },
  THROTTLED: {
    means: 'The service kept throttling the account, after every retry.',
    remedy: 'Wait a few minutes and run the same command again, or raise --max-attempts.',
  },
} as const satisfies CodeTable;
