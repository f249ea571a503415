import { explainCredentials } from '@ec2-image/aws-call';
import { isExplained } from '@ec2-image/explained-error';
import { redactText } from '@ec2-image/redact';
import { type AwsAccess, completeAwsCommands } from './aws-command.ts';

/** An error as it is shown and as it stands in `--json`. */
export interface Explained {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export interface Circumstances {
  /** The command continues from what an earlier run of it left unfinished. Default false. */
  readonly resumes?: boolean;
  /** Where it happened: commands of `aws` that the hint names are to lead there. Default the defaults of `aws`. */
  readonly access?: AwsAccess;
}

/** An error before it is known which command met it. */
interface Reason extends Explained {
  readonly resumable?: boolean;
}

/** Every error becomes an explained one: what no package foresaw is named after the system that raised it. */
export function explain(error: unknown, { resumes = false, access = {} }: Circumstances = {}): Explained {
  const explained: Reason = isExplained(error) ? error : explainForeign(error);
  const { code, message, hint, resumable = false } = explained;
  const again = `Run the same command again${resumes ? ' to resume' : ''}.`;
  return {
    code,
    message: redactText(message),
    hint: completeAwsCommands(resumable ? [hint, again].filter(Boolean).join(' ') : hint, access),
  };
}

/** Packages explain the calls they make: of AWS, only what a credential provider threw outside a call comes here. */
function explainForeign(error: unknown): Reason {
  return explainCredentials(error) ?? explainSystem(error);
}

function explainSystem(error: unknown): Reason {
  const message = error instanceof Error ? error.message || error.name : String(error);
  const code = (error as { code?: unknown } | undefined)?.code;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        code: 'WORK_DIRECTORY_FULL',
        message,
        hint: 'Free some space, or name another place with --work-dir.',
      };
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return { code: 'NOT_PERMITTED', message, hint: 'Choose a --work-dir that this user can write to.' };
    case 'EMFILE':
    case 'ENFILE':
      return {
        code: 'TOO_MANY_OPEN_FILES',
        message,
        hint: 'Raise the limit (`ulimit -n 4096`), or import fewer images at a time.',
        resumable: true,
      };
    case 'ECONNREFUSED':
    case 'ECONNRESET':
    case 'ETIMEDOUT':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return {
        code: 'NETWORK_ERROR',
        message: `the connection failed: ${message || code}`,
        hint: 'Check the network and --endpoint-url.',
        resumable: true,
      };
  }
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'RequestTimeout')) {
    return {
      code: 'TIMED_OUT',
      message,
      hint: 'On a slow line raise --request-timeout.',
      resumable: true,
    };
  }
  return {
    code: 'INTERNAL',
    message,
    hint: 'This is a bug in ec2-image: please report it with the output of the same command and --verbose.',
  };
}
