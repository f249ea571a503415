import type { LifecycleRule } from '@aws-sdk/client-s3';
import type { Finding } from './report.ts';

interface Lifecycle {
  readonly bucket: string;
  readonly keyPrefix: string;
  /** As the bucket has them. */
  readonly rules: readonly LifecycleRule[];
  readonly isVersioned: boolean;
}

/** Whether the bucket itself removes what a killed import leaves and nobody sees. */
export function lifecycleFinding({ bucket, keyPrefix, rules, isVersioned }: Lifecycle): Finding {
  const covering = rules.filter((rule) => covers(rule, keyPrefix));
  const endsUploads = covering.some(({ AbortIncompleteMultipartUpload: rule }) => rule !== undefined);
  const endsVersions = covering.some(({ NoncurrentVersionExpiration: rule }) => rule !== undefined);
  const missing = [
    ...(endsUploads ? [] : ['incomplete uploads stay until somebody aborts them']),
    ...(isVersioned && !endsVersions ? ['versioning is on, and old versions stay'] : []),
  ];
  if (missing.length === 0) {
    return { state: 'ok', detail: `incomplete uploads${isVersioned ? ' and old versions' : ''} expire` };
  }
  const rule: LifecycleRule = {
    ID: 'ec2-image',
    Status: 'Enabled',
    Filter: { Prefix: keyPrefix },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    ...(isVersioned && { NoncurrentVersionExpiration: { NoncurrentDays: 7 } }),
  };
  const others = rules.filter(({ ID }) => ID !== rule.ID);
  return {
    state: 'warning',
    detail: missing.join('; '),
    hint: 'Give the bucket a lifecycle rule for the prefix (`ec2-image doctor --fix`), or run `ec2-image janitor` now and then.',
    fix: {
      what: `bucket ${bucket}: remove what killed imports leave under ${keyPrefix || 'any prefix'} after 7 days`,
      commands: [
        [
          's3api',
          'put-bucket-lifecycle-configuration',
          '--bucket',
          bucket,
          '--lifecycle-configuration',
          // The call replaces all rules: those that are there are among them.
          JSON.stringify({ Rules: [...others, rule] }),
        ],
      ],
    },
  };
}

/** A rule without conditions beside its prefix, for everything under the key prefix. */
function covers({ Status, Filter, Prefix }: LifecycleRule, keyPrefix: string): boolean {
  if (Status !== 'Enabled') return false;
  const isNarrow =
    Filter?.Tag !== undefined ||
    Filter?.And !== undefined ||
    Filter?.ObjectSizeGreaterThan !== undefined ||
    Filter?.ObjectSizeLessThan !== undefined;
  return !isNarrow && keyPrefix.startsWith(Filter?.Prefix ?? Prefix ?? '');
}
