import { pause, policies } from '@ec2-image/aws-call';
import type { Ec2 } from '../ec2/ec2.ts';
import { Ec2ImportError } from '../errors.ts';
import { formatDuration } from '../format-duration.ts';
import type { ImportSource } from './import-failure.ts';

/** The wait for a role that was made a moment ago: EC2 sees it, and what it allows, only after up to a minute. */
export interface FreshRole {
  /** Waits before the next import; false where the error is about something else, or the role is not fresh, or no longer. */
  waits(error: unknown): Promise<boolean>;
}

export function watchFreshRole(
  ec2: Ec2,
  {
    mayBeFresh,
    source: { roleName = 'vmimport' },
  }: { readonly mayBeFresh: (() => Promise<boolean>) | undefined; readonly source: ImportSource },
): FreshRole {
  const { limitMs } = policies.freshRole;
  let since: number | undefined;
  let waits = 0;
  return {
    async waits(error) {
      if (!(error instanceof Ec2ImportError) || error.facts.kind !== 'permission') return false;
      if (since === undefined) {
        if (!(await mayBeFresh?.())) return false;
        since = ec2.elapsed();
        ec2.notice(
          `${error.message}; EC2 may not see a role made a moment ago: waiting for ${roleName}, ${formatDuration(limitMs)} at most.`,
        );
      }
      if (ec2.elapsed() - since >= limitMs) return false;
      waits += 1;
      await pause(ec2, { n: waits, pace: policies.freshRole });
      return true;
    },
  };
}
