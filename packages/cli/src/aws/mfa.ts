import { UsageError } from '../errors/cli-error.ts';

/** For a profile with `mfa_serial`: asks on the terminal. Of questions asked at once, each waits for the one before. */
export function mfaCodeProvider(
  ask: ((serial: string) => Promise<string>) | undefined,
): (serial: string) => Promise<string> {
  return async (serial) => {
    if (ask) return ask(serial);
    throw new UsageError(
      'MFA_NEEDS_TERMINAL',
      `the profile asks for a code of the MFA device ${serial}, which needs a terminal`,
      {
        hint: 'Run the command on a terminal, or use credentials of a session that was started with a code (aws sts get-session-token), of SSO or of a role without MFA.',
        facts: { serial },
      },
    );
  };
}
