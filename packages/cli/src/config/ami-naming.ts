import { defaultAmiNameTemplate, placeholdersOf } from '@ec2-image/provenance';
import { UsageError } from '../errors/cli-error.ts';
import type { ImageSettings } from '../options/table.ts';
import type { Setting } from './s3-settings.ts';

/** By what an AMI and its SSM parameters are named. */
export interface AmiNaming {
  /** Undefined: the first 12 hex digits of the digest. */
  readonly suffix?: string;
  /** A template; undefined: `<name>-i<suffix>`. */
  readonly amiNameTemplate?: string;
}

/**
 * A suffix that no template has is not read: the variable that it comes from need not be set.
 *
 * @param flags of the command line and the environment
 * @throws UsageError `MISSING_SETTING`: an AMI that the command line names has a suffix that nothing tells, and that an SSM
 * parameter is named by
 */
export function amiNamingOf(setting: Setting, flags: ImageSettings): AmiNaming {
  const amiNameTemplate = setting('ami-name');
  const parameters = (['ssm-parameter', 'ssm-latest'] as const).filter((key) => hasSuffix(setting(key)));
  if (hasSuffix(amiNameTemplate ?? defaultAmiNameTemplate)) {
    return { suffix: setting('suffix') || undefined, amiNameTemplate };
  }
  if (parameters.length === 0) return { amiNameTemplate };
  const given = flags['ami-name'];
  if (given !== undefined && placeholdersOf(given).length === 0 && flags.suffix === undefined) {
    throw new UsageError('MISSING_SETTING', 'missing required options: --suffix', {
      hint: `${parameters[0]} has {suffix}, and ${JSON.stringify(given)} may have another than the next AMI. Give --suffix, or --ami-name with {suffix}.`,
    });
  }
  return { suffix: setting('suffix') || undefined, amiNameTemplate };
}

function hasSuffix(template: string | undefined): boolean {
  return template !== undefined && placeholdersOf(template).includes('suffix');
}
