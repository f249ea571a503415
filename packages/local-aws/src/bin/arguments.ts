import { parseArgs } from 'node:util';
import type { ConditionsName } from '../conditions/conditions.ts';
import { LocalAwsError } from '../errors.ts';
import type { FaultRule } from '../faults/rules.ts';
import type { KnownCredentials } from '../known-credentials.ts';
import type { LocalAwsOptions, NewBucket } from '../start-local-aws.ts';

export const usage = `Usage: local-aws --directory DIR [options]

Serves S3, EC2, EBS, STS and IAM, as far as ec2-image calls them, until it is ended. Its URL is all that it
prints on stdout.

  --directory DIR               where the state is kept; made if it is missing
  --port N                      default: any free one
  --host ADDRESS                default: 127.0.0.1
  --account-id ID               the callers' account; default: 123456789012
  --credentials KEY:SECRET[:ID] verify what this key signs; its account, if it is another one; may be repeated
  --bucket NAME[@REGION]        make the bucket unless it is there; may be repeated
  --opt-in-region NAME          opt the account into this region; may be repeated
  --conditions calm|adverse     adverse: as difficult as AWS can be within its documentation; default: calm
  --token-buckets               each API takes as many calls a second as AWS's, in calm conditions too
  --seed N                      what decides in adverse conditions; default: 1
  --faults FILE                 a JSON file of fault rules
  --log FILE                    append each call to this file as a line of JSON; - is stderr
  --import-task-ms N            how long an import task takes at least
  --import-seconds N            the same in seconds: AWS takes some minutes
  --snapshot-completion-ms N    how long a snapshot stays pending
  --image-creation-ms N         how long an AMI stays pending
  --copy-ms N                   how long a copy of a snapshot stays pending, or of an AMI's snapshots
  --fsync                       wait for the disk at each write
  --help
`;

export interface Arguments {
  readonly help: boolean;
  readonly options: Omit<LocalAwsOptions, 'faults'> & { readonly faults?: readonly FaultRule[] };
  readonly faultFile?: string;
  readonly logFile?: string;
}

/** Throws COMMAND_LINE_INVALID. */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values } = parse(argv);
  if (values.help) return { help: true, options: { directory: '' } };
  if (!values.directory) throw wrong('--directory is required');
  const ec2 = {
    ...importTask(values['import-task-ms'], values['import-seconds']),
    ...milliseconds('snapshotCompletionMs', values['snapshot-completion-ms']),
    ...milliseconds('imageCreationMs', values['image-creation-ms']),
    ...milliseconds('copyMs', values['copy-ms']),
  };
  return {
    help: false,
    options: {
      directory: values.directory,
      ...(values.port !== undefined && { port: wholeNumber('--port', values.port, 65_535) }),
      ...(values.host !== undefined && { host: values.host }),
      ...(values['account-id'] !== undefined && { accountId: account('--account-id', values['account-id']) }),
      ...(values.fsync && { fsync: true }),
      ...(values.conditions !== undefined && { conditions: readConditions(values.conditions) }),
      ...(values['token-buckets'] && { tokenBuckets: true }),
      ...(values.seed !== undefined && { seed: wholeNumber('--seed', values.seed, Number.MAX_SAFE_INTEGER) }),
      credentials: (values.credentials ?? []).map(readCredentials),
      buckets: (values.bucket ?? []).map(readBucket),
      ...(values['opt-in-region'] && { optInRegions: values['opt-in-region'] }),
      ec2,
    },
    ...(values.faults !== undefined && { faultFile: values.faults }),
    ...(values.log !== undefined && { logFile: values.log }),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        directory: { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        'account-id': { type: 'string' },
        credentials: { type: 'string', multiple: true },
        bucket: { type: 'string', multiple: true },
        'opt-in-region': { type: 'string', multiple: true },
        conditions: { type: 'string' },
        'token-buckets': { type: 'boolean' },
        seed: { type: 'string' },
        faults: { type: 'string' },
        log: { type: 'string' },
        'import-task-ms': { type: 'string' },
        'import-seconds': { type: 'string' },
        'snapshot-completion-ms': { type: 'string' },
        'image-creation-ms': { type: 'string' },
        'copy-ms': { type: 'string' },
        fsync: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (cause) {
    throw wrong((cause as Error).message, cause);
  }
}

function readCredentials(text: string): KnownCredentials {
  const [accessKeyId, secretAccessKey, accountId] = text.split(':');
  if (!accessKeyId || !secretAccessKey) throw wrong('--credentials requires KEY:SECRET[:ACCOUNT]');
  return {
    accessKeyId,
    secretAccessKey,
    ...(accountId !== undefined && { accountId: account('--credentials', accountId) }),
  };
}

function readConditions(text: string): ConditionsName {
  if (text === 'calm' || text === 'adverse') return text;
  throw wrong(`--conditions requires calm or adverse, not ${text}`);
}

function readBucket(text: string): NewBucket {
  const [name = '', region] = text.split('@');
  return { name, ...(region && { region }) };
}

function account(option: string, text: string): string {
  if (!/^\d{12}$/.test(text)) throw wrong(`${option}: an account id has twelve digits, not ${text}`);
  return text;
}

function milliseconds<Name extends string>(name: Name, text: string | undefined): { [N in Name]?: number } {
  if (text === undefined) return {};
  return { [name]: wholeNumber(`--${name}`, text, Number.MAX_SAFE_INTEGER) } as { [N in Name]?: number };
}

function importTask(ms: string | undefined, seconds: string | undefined): { importTaskMs?: number } {
  if (seconds === undefined) return milliseconds('importTaskMs', ms);
  if (ms !== undefined) throw wrong('--import-task-ms and --import-seconds are mutually exclusive');
  return { importTaskMs: wholeNumber('--import-seconds', seconds, 604_800) * 1000 };
}

function wholeNumber(option: string, text: string, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number <= most) return number;
  throw wrong(`${option} requires a whole number up to ${most}, not ${text}`);
}

function wrong(message: string, cause?: unknown): LocalAwsError {
  return new LocalAwsError('COMMAND_LINE_INVALID', message, { hint: 'See local-aws --help.', cause });
}
