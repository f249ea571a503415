import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { S3Client } from '@aws-sdk/client-s3';
import { calmHeader } from '../conditions/conditions.ts';
import type { KnownCredentials } from '../known-credentials.ts';
import { exampleCredentials } from '../start-local-aws.ts';
import { type AccountContents, readContents } from './account-contents.ts';

/** What every client of the account is made with. */
export interface ClientSettings {
  readonly region: string;
  readonly endpoint: string;
  readonly credentials: KnownCredentials;
  readonly maxAttempts: number;
  readonly forcePathStyle: true;
}

/** An account on an emulator that runs already, and stock clients for it. Disposing of it closes the clients. */
export interface AccountClients extends AsyncDisposable {
  readonly settings: ClientSettings;
  readonly ec2: EC2Client;
  readonly s3: S3Client;
  /** Watches and prepares, and meets no conditions: what is there, whatever a client would see of it. */
  readonly observer: Pick<AccountClients, 'ec2' | 's3' | 'client'>;
  /** Another client of the account, closed with it: `client(EBSClient)`, `client(S3Client, { region: 'eu-west-1' })`. */
  client<Client extends { destroy(): void }, Config extends object>(
    type: new (config: Config) => Client,
    config?: Partial<Config>,
  ): Client;
  contents(): Promise<AccountContents>;
  /** The raw bytes of a snapshot, as the emulator keeps them: a sparse file. */
  snapshotPath(snapshotId: string): string;
}

/**
 * @param options.directory the emulator's
 * @param options.region default `us-east-1`
 * @param options.maxAttempts default 1: what has to be survived, the code under test survives and not its client
 * @param options.now the emulator's clock, for the clients to sign by; default the real time
 * @param options.credentials default `exampleCredentials`, whose signatures the emulator verifies
 */
export function connectAccount({
  url,
  directory,
  region = 'us-east-1',
  maxAttempts = 1,
  now,
  credentials = exampleCredentials,
}: {
  readonly url: string;
  readonly directory: string;
  readonly region?: string;
  readonly maxAttempts?: number;
  readonly now?: () => number;
  readonly credentials?: KnownCredentials;
}): AccountClients {
  const settings: ClientSettings = {
    region,
    endpoint: url,
    credentials,
    maxAttempts,
    // Any host name resolves to AWS alone.
    forcePathStyle: true,
  };
  const clients: { destroy(): void }[] = [];
  const client: AccountClients['client'] = (type, config) => {
    const made = new type({ ...settings, ...config } as unknown as ConstructorParameters<typeof type>[0]);
    if (now) signBy(now, made);
    clients.push(made);
    return made;
  };
  const ec2 = client(EC2Client);
  const s3 = client(S3Client);
  const observing: AccountClients['client'] = (type, config) => calmClient(client(type, config));
  const observer = { ec2: observing(EC2Client), s3: observing(S3Client), client: observing };
  return {
    settings,
    ec2,
    s3,
    observer,
    client,
    contents: () => readContents(observer),
    snapshotPath: (snapshotId) => join(directory, 'snapshots', `${snapshotId}.raw`),
    async [Symbol.asyncDispose]() {
      for (const each of clients) each.destroy();
    },
  };
}

/** Each of its requests asks to be met by no conditions. */
function calmClient<Client extends object>(client: Client): Client {
  const { middlewareStack } = client as unknown as Pick<S3Client, 'middlewareStack'>;
  middlewareStack.add((next) => async (args) => next(calmed(args)), { step: 'build' });
  return client;
}

function calmed<Args extends { readonly request: unknown }>(args: Args): Args {
  const { headers } = args.request as { readonly headers: Record<string, string> };
  headers[calmHeader] = 'calm';
  return args;
}

/** The SDK would set its clock right by a first answer, and find it wrong again whenever a test moves the emulator's. */
function signBy(now: () => number, client: object): void {
  if (!('config' in client)) return;
  Object.defineProperty(client.config, 'systemClockOffset', {
    get: () => now() - Date.now(),
    set: () => {},
  });
}
