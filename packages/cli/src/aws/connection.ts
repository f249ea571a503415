import { policies, type ServiceClock } from '@ec2-image/aws-call';
import type { AwsCredentialIdentityProvider } from '@smithy/types';
import type { Session } from '../config/session.ts';
import type { Network } from './network.ts';
import type { AwsCall } from './observe-calls.ts';
import type { Environment, RetrySettings, ServiceId } from './shared-config.ts';

export const defaultRequestTimeoutMs: number = policies.request.attemptMs;

/** What the user asked for. */
export interface ConnectionOptions extends Session {
  readonly endpointUrl?: string;
  /** AWS may be asked over plain http, by way of a network. */
  readonly allowInsecureEndpoint?: boolean;
  /** How long a connection may be idle. */
  readonly requestTimeoutMs: number;
  /** A request and its retries; default what the SDK's variables and files say. */
  readonly maxAttempts?: number;
  /** How long a service may give no answer. */
  readonly outageTimeoutMs: number;
  /** Learns the time from every answer. */
  readonly clock: ServiceClock;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly onCall?: (call: AwsCall) => void;
  /** Asks the user for the code of an MFA device; undefined where nobody can be asked. */
  readonly askMfaCode?: (serial: string) => Promise<string>;
  readonly env: Environment;
}

/** The same, with what variables and AWS's files add to it: what clients are made with. */
export interface Connection extends Omit<ConnectionOptions, 'credentials' | 'maxAttempts'>, RetrySettings {
  /** Resolved once for all clients, and refreshed before they expire. */
  readonly credentials: AwsCredentialIdentityProvider;
  readonly network: Network;
  /** Undefined: AWS's own. */
  endpoint(service: ServiceId): string | undefined;
}
