import type { CommandName } from '../commands.ts';
import { endpoint, path } from '../kinds/locations.ts';
import { duration, integer } from '../kinds/numbers.ts';
import { shard } from '../kinds/shard.ts';
import { boolean, externalId, region, roleArn, roleSessionName, text } from '../kinds/text.ts';
import { option } from '../option.ts';

/** `explain` alone works in no account and with no file. */
const everyCommand: readonly CommandName[] = [
  'import',
  'publish',
  'list',
  'status',
  'janitor',
  'retire',
  'tag-fix',
  'verify',
  'boot-test',
  'doctor',
  'demo',
  'init',
];
/** The demo has an account and a configuration of its own. */
const ofAccounts = everyCommand.filter((name) => name !== 'demo');

const regions = {
  help: 'AWS region to look in; repeatable',
  repeats: true,
};

/** What every command has: the account that it works in. */
export const accountOptions = {
  region: option({
    kind: region,
    help: 'AWS region',
    default: 'AWS_REGION, or that of the profile',
    group: 'account',
    commands: [...everyCommand, 'iam-policy'],
    in: 'both',
    variants: {
      list: regions,
      status: regions,
      janitor: regions,
      retire: regions,
      'tag-fix': regions,
      'iam-policy': { help: 'AWS region that the policy is for; repeatable', group: 'policy', repeats: true },
    },
  }),
  profile: option({
    kind: text({ metavar: 'NAME' }),
    help: 'Profile of the AWS configuration files',
    group: 'account',
    commands: ofAccounts,
    in: 'both',
  }),
  'role-arn': option({
    kind: roleArn,
    help: 'Role to assume with the credentials that there are, such as one of another account',
    group: 'account',
    commands: ofAccounts,
    in: 'both',
  }),
  'role-session-name': option({
    kind: roleSessionName,
    help: 'Name of the session of --role-arn, as CloudTrail shows it',
    default: 'ec2-image',
    group: 'account',
    commands: ofAccounts,
    in: 'both',
  }),
  'external-id': option({
    kind: externalId,
    help: 'External id that the trust policy of --role-arn asks for',
    group: 'account',
    commands: ofAccounts,
    in: 'both',
  }),
  'allow-unknown-account': option({
    kind: boolean,
    help: 'Continue where STS does not say which account this is; the owner of the bucket is then not checked',
    group: 'account',
    commands: ['import', 'publish', 'verify', 'boot-test', 'doctor'],
    in: 'flag',
  }),
  'endpoint-url': option({
    kind: endpoint,
    help: 'Send AWS requests to this address instead of AWS',
    default: 'AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_<SERVICE>, or those of the profile',
    group: 'account',
    commands: ofAccounts,
    in: 'top',
  }),
  'allow-insecure-endpoint': option({
    kind: boolean,
    help: 'Allow AWS requests over plain http to another machine',
    group: 'account',
    commands: ofAccounts,
    in: 'top',
  }),
  local: option({
    kind: boolean,
    help: 'Use the embedded AWS emulator, whose account is kept in the work directory',
    group: 'account',
    commands: ofAccounts,
    in: 'flag',
  }),
  'request-timeout': option({
    kind: duration(),
    help: 'Idle timeout of a connection',
    default: '60',
    group: 'account',
    commands: everyCommand,
    in: 'top',
  }),
  'max-attempts': option({
    kind: integer({ min: 1, max: 100 }),
    help: 'Maximum attempts per AWS request that AWS answers; outages do not count',
    default: 'AWS_MAX_ATTEMPTS, max_attempts of the profile, or 8',
    group: 'account',
    commands: everyCommand,
    in: 'top',
  }),
  'outage-timeout': option({
    kind: duration(),
    help: 'How long to retry while an AWS service gives no answer',
    default: '15m',
    group: 'account',
    commands: everyCommand,
    in: 'top',
    variants: { doctor: { default: '10' } },
  }),
};

/** What every command has: its files, and what it prints. */
export const outputOptions = {
  config: option({
    kind: path(),
    help: 'Configuration file',
    default: "ec2-image.yaml in the current directory or its parents, up to the repository's root",
    group: 'output',
    commands: [...ofAccounts, 'iam-policy', 'config'],
    in: 'flag',
    environment: true,
  }),
  'work-dir': option({
    kind: path({ metavar: 'DIR' }),
    help: 'Directory for downloads and disks',
    default: '.ec2-image where that exists, or else $XDG_CACHE_HOME/ec2-image or ~/.cache/ec2-image',
    group: 'output',
    commands: everyCommand,
    in: 'top',
    variants: { demo: { default: 'a temporary directory' } },
  }),
  'write-config': option({
    kind: boolean,
    help: 'Write the configuration that pins the result to the configuration file instead of only printing it',
    group: 'run',
    commands: ['import'],
    in: 'top',
  }),
  shard: option({
    kind: shard,
    help: 'Import only part I, from 0, of the images, which are dealt out among N runs; publishes nothing',
    default: 'what the engine of an array job says in its variables',
    group: 'run',
    commands: ['import'],
    in: 'top',
  }),
  json: option({
    kind: boolean,
    help: 'Print one JSON document, and nothing else, on stdout',
    group: 'output',
    commands: [...everyCommand, 'explain', 'iam-policy', 'config', 'completion'],
    in: 'top',
  }),
  events: option({
    kind: boolean,
    help: 'Print what happens as NDJSON, and nothing else, on stdout',
    group: 'output',
    commands: everyCommand,
    in: 'top',
  }),
  verbose: option({
    kind: boolean,
    help: 'Show every call to AWS with its duration and request id',
    group: 'output',
    commands: everyCommand,
    in: 'top',
  }),
  quiet: option({
    kind: boolean,
    help: 'Print ids only, one per line, and errors',
    group: 'output',
    commands: [...everyCommand, 'config'],
    in: 'top',
  }),
  'no-progress': option({
    kind: boolean,
    help: 'Show what begins, ends and happens, and no progress in between',
    group: 'output',
    commands: everyCommand,
    in: 'top',
  }),
  output: option({
    kind: path({ isWritten: true }),
    help: 'Write the JSON document of the result to this file, whatever is printed',
    group: 'output',
    commands: [...everyCommand, 'explain', 'iam-policy', 'config', 'completion'],
    in: 'top',
  }),
  report: option({
    kind: path({ isWritten: true }),
    help: 'Write an HTML page of the result to this file: time line, proofs, AMIs, warnings',
    group: 'output',
    commands: ['import'],
    in: 'top',
  }),
  'log-file': option({
    kind: path({ isWritten: true }),
    help: 'Append everything as NDJSON to this file, for a bug report; holds no secrets',
    group: 'output',
    commands: everyCommand,
    in: 'top',
  }),
};
