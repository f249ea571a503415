/** A role that is assumed with the credentials that there are. */
export interface AssumedRole {
  readonly arn: string;
  readonly sessionName?: string;
  readonly externalId?: string;
}

/** Whose account, and where in it. */
export interface Session {
  readonly region?: string;
  readonly profile?: string;
  readonly role?: AssumedRole;
}

export type SessionKey = 'region' | 'profile' | 'role-arn' | 'role-session-name' | 'external-id';

/** Whose account and where, of settings. The name of a session and an external id belong to a role. */
export function sessionOf(setting: (key: SessionKey) => string | undefined): Session {
  const arn = setting('role-arn');
  return {
    region: setting('region'),
    profile: setting('profile'),
    ...(arn !== undefined && {
      role: { arn, sessionName: setting('role-session-name'), externalId: setting('external-id') },
    }),
  };
}

/** As people tell it from others: `role Importer of 123456789012, eu-west-1`. */
export function describeSession({ region, profile, role }: Session): string {
  const [, account, name] = /^arn:[^:]*:iam::(\d*):role\/(?:.*\/)?([^/]+)$/.exec(role?.arn ?? '') ?? [];
  return [
    ...(name === undefined ? [] : [`role ${name} of ${account}`]),
    ...(profile === undefined ? [] : [`profile ${profile}`]),
    ...(region === undefined ? [] : [region]),
  ].join(', ');
}
