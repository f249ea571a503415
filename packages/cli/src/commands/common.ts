import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, Option } from 'clipanion';
import { z } from 'zod';
import type { ConnectionOptions } from '../clients.ts';
import { defaultMaxAttempts, defaultRequestTimeoutMs } from '../clients.ts';
import { type ConfigFile, describeIssue, readConfig } from '../config/read-config.ts';
import { connectionShape, sharedShape } from '../config/schema.ts';
import { exitCodeOf, UsageError } from '../errors.ts';
import { ignoresHangup } from '../hangup.ts';
import { type InterruptWatch, watchInterrupts } from '../interrupt.ts';
import type { RunOutput } from '../render/choose-view.ts';
import { writeMessage } from '../render/messages.ts';
import { type Result, writeResult } from '../render/result.ts';
import { reportFatal } from '../report-fatal.ts';
import { openRunLog, type RunLog } from '../run-log.ts';

export const defaultConfigFile = 'ec2-image.yaml';
export const defaultWorkDirectory = '.ec2-image';

/** What was asked of every command alike, flags and file put together. */
export interface CommonSettings {
  readonly file?: ConfigFile;
  readonly workDirectory: string;
  readonly local: boolean;
  readonly connection: ConnectionOptions;
  readonly log: RunLog;
  readonly signal: AbortSignal;
}

/**
 * The options that every command takes, its regions aside, and what surrounds its run: the interrupt, the log, the
 * report of a failure.
 */
export abstract class RegionsCommand extends Command {
  profile = Option.String('--profile', { description: 'The profile of the AWS configuration files to use' });
  endpointUrl = Option.String('--endpoint-url', { description: 'Talk to this address instead of AWS' });
  local = Option.Boolean('--local', false, {
    description: 'Use the embedded stand-in instead of AWS; its account is kept in the work directory',
  });
  config = Option.String('--config', {
    description: `The configuration file (default: ${defaultConfigFile}, where it exists)`,
  });
  workDir = Option.String('--work-dir', {
    description: `Where downloads and disks are kept while they are needed (default: ${defaultWorkDirectory})`,
  });
  requestTimeout = Option.String('--request-timeout', {
    description: 'How long a connection may be silent, in seconds or as 90s, 5m (default: 60)',
  });
  maxAttempts = Option.String('--max-attempts', {
    description: `How often a request to AWS is tried (default: ${defaultMaxAttempts})`,
  });
  json = Option.Boolean('--json', false, {
    description: 'Print one JSON document, and nothing else, on stdout',
  });
  events = Option.Boolean('--events', false, {
    description: 'Print what happens as NDJSON, and nothing else, on stdout',
  });
  verbose = Option.Boolean('--verbose', false, {
    description: 'Show every call to AWS with its time and request id',
  });
  quiet = Option.Boolean('--quiet', false, {
    description: 'Print ids only, one per line, and errors',
  });
  logFile = Option.String('--log-file', {
    description: 'Write everything as NDJSON into this file, for a bug report; holds no secrets',
  });

  protected abstract run(settings: CommonSettings): Promise<number>;

  /** The `--region` that comes first, of a command that takes one or several. */
  protected abstract firstRegion(): string | undefined;

  async execute(): Promise<number> {
    using interrupt: InterruptWatch = watchInterrupts({
      ignoreHangup: ignoresHangup(this.context.env),
      onInterrupt: () => this.tell('Interrupted: stopping cleanly. Press Ctrl-C again to quit immediately.'),
    });
    try {
      const settings = await this.settings(interrupt.signal);
      try {
        return await this.run(settings);
      } finally {
        await settings.log.close();
      }
    } catch (error) {
      const cause = interrupt.signal.aborted ? interrupt.signal.reason : error;
      reportFatal(cause, {
        context: this.context,
        json: this.json,
        events: this.events,
        command: this.path[0],
        verbose: this.verbose,
      });
      return exitCodeOf(cause);
    }
  }

  /** To people, on stderr. */
  protected tell(text: string): void {
    writeMessage(this.context.stderr, text);
  }

  protected printResult(result: Result, log: RunLog): Promise<void> {
    const { json, events, quiet, context } = this;
    return writeResult(result, { stdout: context.stdout, json, events, quiet, log });
  }

  /** What is shown while the command works. */
  protected get output(): RunOutput {
    const { quiet, verbose, context } = this;
    return { stderr: context.stderr, quiet, verbose, env: context.env };
  }

  private async settings(signal: AbortSignal): Promise<CommonSettings> {
    const { env, stdout } = this.context;
    if (this.json && this.events) {
      throw new UsageError('USAGE', '--json and --events are mutually exclusive', {
        hint: 'Specify only one.',
      });
    }
    const path = this.config ?? (existsSync(defaultConfigFile) ? defaultConfigFile : undefined);
    const file = path === undefined ? undefined : await readConfig({ path, env });
    const flags = parseFlags(flagShape, {
      region: this.firstRegion(),
      profile: this.profile,
      'endpoint-url': this.endpointUrl,
      'work-dir': this.workDir,
      'request-timeout': this.requestTimeout,
      'max-attempts': this.maxAttempts === undefined ? undefined : Number(this.maxAttempts),
    });
    const pick = <K extends keyof typeof flags>(key: K) =>
      flags[key] ?? (file?.config[key] as (typeof flags)[K]);
    const requestTimeout = pick('request-timeout');
    const log = await openRunLog({
      path: this.logFile,
      verbose: this.verbose,
      say: (line) => this.tell(line),
      ...(this.events && { events: stdout }),
    });
    return {
      file,
      workDirectory: resolve(pick('work-dir') ?? defaultWorkDirectory),
      local: this.local,
      log,
      signal,
      connection: {
        region: pick('region'),
        profile: pick('profile'),
        endpointUrl: pick('endpoint-url'),
        requestTimeoutMs: requestTimeout === undefined ? defaultRequestTimeoutMs : requestTimeout * 1000,
        maxAttempts: pick('max-attempts') ?? defaultMaxAttempts,
        onCall: log.enabled ? log.call : undefined,
        env,
      },
    };
  }
}

/** A command that works in one region. */
export abstract class CommonCommand extends RegionsCommand {
  region = Option.String('--region', {
    description: 'The AWS region; default: the configuration, AWS_REGION, or the profile',
  });

  protected firstRegion(): string | undefined {
    return this.region;
  }
}

const flagShape = { ...connectionShape, region: sharedShape.region };

/**
 * Flags checked by the same words as the file's keys.
 *
 * @throws UsageError `BAD_OPTION`
 */
export function parseFlags<S extends z.ZodRawShape>(
  shape: S,
  values: Record<string, unknown>,
): z.output<z.ZodObject<S>> {
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  const parsed = z.strictObject(shape).safeParse(given);
  if (parsed.success) return parsed.data as z.output<z.ZodObject<S>>;
  const { keys, problem } = describeIssue(parsed.error.issues[0]!);
  throw new UsageError('BAD_OPTION', `--${keys.map(String).join(' ')}: ${problem}`, {
    hint: 'See --help for what the option takes.',
    facts: { option: `--${String(keys[0])}` },
  });
}
