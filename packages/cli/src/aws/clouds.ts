import type { AwsCredentialIdentityProvider } from '@smithy/types';
import type { Session } from '../config/session.ts';
import { type Cloud, type OpenCloudOptions, openCloud } from './cloud.ts';

/** The sessions and regions of one run, each opened once. */
export interface Clouds {
  /** What is not given is the connection's. */
  open(session?: Session): Promise<Cloud>;
}

export type CloudsOptions = Pick<OpenCloudOptions, 'onNotice' | 'signal' | 'allowUnknownAccount'> & {
  readonly connection: Omit<OpenCloudOptions, 'onNotice' | 'signal' | 'allowUnknownAccount'>;
};

/** The regions of a session share its credentials: a role is assumed once, and a code is asked for once. */
export function createClouds({ connection, ...options }: CloudsOptions): Clouds {
  const opened = new Map<string, Promise<Cloud>>();
  const credentials = new Map<string, Promise<AwsCredentialIdentityProvider>>();
  const openIn = (session: Session): Promise<Cloud> => {
    const key = JSON.stringify([session.profile, session.role]);
    const open = (shared?: AwsCredentialIdentityProvider) =>
      openCloud({ ...connection, ...session, ...options }, shared);
    const first = credentials.get(key);
    // Where the first region failed, the next makes its own.
    if (first) return first.catch(() => undefined).then(open);
    const cloud = open();
    const made = cloud.then(({ connection: { credentials: provider } }) => provider);
    made.catch(() => {});
    credentials.set(key, made);
    return cloud;
  };
  return {
    open({ region = connection.region, profile = connection.profile, role = connection.role } = {}) {
      const key = JSON.stringify([region, profile, role]);
      const known = opened.get(key);
      if (known) return known;
      const cloud = openIn({ region, profile, role });
      opened.set(key, cloud);
      return cloud;
    },
  };
}
