import { resolve } from 'node:path';
import { createServiceClock, policies } from '@ec2-image/aws-call';
import { Command, Option } from 'clipanion';
import { askMfaCode } from '../aws/ask-mfa-code.ts';
import { type ConnectionOptions, defaultRequestTimeoutMs } from '../aws/connection.ts';
import { checkAwsVariables } from '../config/check-aws-variables.ts';
import { checkProfile } from '../config/check-profile.ts';
import { destinations } from '../config/destinations.ts';
import { findConfig } from '../config/find-config.ts';
import { type ConfigFile, readConfig } from '../config/read-config.ts';
import { sessionOf } from '../config/session.ts';
import { jsonText } from '../documents/json-text.ts';
import type { AwsAccess } from '../errors/aws-command.ts';
import { exitCodeOf, UsageError } from '../errors/cli-error.ts';
import { type ExitCode, exitCodes, worstExitCode } from '../errors/exit-code.ts';
import { type Explained, explain } from '../errors/explain.ts';
import { parseArguments } from '../options/arguments.ts';
import { type CommandName, resumes } from '../options/commands.ts';
import { type Given, readGiven } from '../options/given.ts';
import { optionTable, type TopSettings } from '../options/table.ts';
import { wants } from '../options/wants.ts';
import { ignoresHangup } from '../process/hangup.ts';
import { type InterruptWatch, watchInterrupts } from '../process/interrupt.ts';
import { checkOutputFile, writeOutputFile } from '../process/output-file.ts';
import type { RunOutput } from '../render/choose-view.ts';
import { renderError } from '../render/error.ts';
import { renderCommandHelp } from '../render/help.ts';
import { writeMessage } from '../render/messages.ts';
import { failedDocument, reportFatal } from '../render/report-fatal.ts';
import { type Result, writeResult } from '../render/result.ts';
import {
  type AnnotationLevel,
  openWorkflowCommands,
  type WorkflowCommands,
} from '../render/workflow-commands.ts';
import { openRunLog, type RunLog } from '../run-log.ts';
import type { CommonSettings } from '../settings.ts';
import { defaultWorkDirectory } from '../work-directory/default-directory.ts';
import { columnsOf } from './columns-of.ts';

/**
 * A command whose options are those that the option table gives it, and what surrounds its run: the interrupt, the log,
 * the report of a failure. What is wrong is found in this order: the command line, the files, then region and credentials.
 */
export abstract class TableCommand<Prepared = undefined> extends Command {
  /** clipanion chooses the command; the rest of the line is read by the table. */
  args = Option.Proxy();

  protected given!: Given;
  protected operands: readonly string[] = [];
  protected json = false;
  protected events = false;
  protected verbose = false;
  protected quiet = false;
  protected progress = true;
  /** Where the document goes as well. */
  private outputPath: string | undefined;
  private lostOutput = false;
  /** Known once the settings are read. */
  private access: AwsAccess | undefined;
  /** In a step of GitHub Actions. */
  protected actions: WorkflowCommands | undefined;

  /** What can be made of the command line and the files: before AWS, its profile included. */
  protected async prepare(_settings: CommonSettings): Promise<Prepared> {
    return undefined as Prepared;
  }

  protected abstract run(settings: CommonSettings, prepared: Prepared): Promise<number>;

  /** @throws UsageError */
  protected async checkProfile({ local, connection }: CommonSettings, _prepared: Prepared): Promise<void> {
    if (local || !optionTable.profile!.commands.includes(this.path[0] as CommandName)) return;
    checkAwsVariables(connection);
    await checkProfile({ profile: connection.profile, env: this.context.env });
  }

  /** Where nobody has said how long: an outage of a region and of a line is shorter. */
  protected readonly defaultOutageTimeoutMs: number = policies.outage.limitMs;

  /** What to know after an interrupt, besides whether the same command resumes. */
  protected interruptHint(): string | undefined {
    return undefined;
  }

  /** What the values of the command line have to do with one another; before any file is read. */
  protected checkUsage(): void {}

  async execute(): Promise<number> {
    const { env, stdout, stderr } = this.context;
    const name = this.path[0] as CommandName;
    using actions = openWorkflowCommands({ stderr, env });
    this.actions = actions;
    this.json = wants('json', this.args, env);
    this.events = wants('events', this.args, env);
    using interrupt: InterruptWatch = watchInterrupts({
      ignoreHangup: ignoresHangup(env),
      hint: () => this.interruptHint(),
      onInterrupt: () =>
        this.tell(
          `Interrupted: stopping cleanly.${actions ? '' : ' Press Ctrl-C again to quit immediately.'}`,
        ),
    });
    try {
      const { flags, operands, help } = parseArguments(name, this.args);
      if (help) {
        stdout.write(renderCommandHelp(name, { columns: columnsOf(stdout) }));
        return exitCodes.done;
      }
      this.operands = operands;
      this.given = readGiven({ command: name, flags, env });
      checkForms({ json: this.given.value('json'), events: this.given.value('events') });
      this.checkUsage();
      const settings = await this.settings(name, interrupt.signal);
      try {
        const prepared = await this.prepare(settings);
        await this.checkProfile(settings, prepared);
        const code = (await this.run(settings, prepared)) as ExitCode;
        return worstExitCode([code, this.lostOutput ? exitCodes.failed : exitCodes.done]);
      } finally {
        await settings.log.close();
      }
    } catch (error) {
      const cause = interrupt.signal.aborted ? interrupt.signal.reason : error;
      const { context, json, events, verbose } = this;
      const { access } = this;
      reportFatal(cause, { context, json, events, command: name, verbose, access });
      const explained = explain(cause, { resumes: this.resumes, access });
      this.annotate(interrupt.signal.aborted ? 'warning' : 'error', `ec2-image ${name}`, explained);
      await this.writeOutput(() => failedDocument(name, explained));
      return exitCodeOf(cause);
    }
  }

  /** To people, on stderr. */
  protected tell(text: string): void {
    writeMessage(this.context.stderr, text);
  }

  /** On the page of the run, where that is one of GitHub Actions. */
  protected annotate(
    level: AnnotationLevel,
    title: string,
    { code, message, hint }: Explained,
    more = '',
  ): void {
    this.actions?.annotate(level, { title, message: `${code}: ${message}\n${hint}${more}` });
  }

  protected get resumes(): boolean {
    return resumes(this.path[0] as CommandName);
  }

  /** The result is for reading: neither a document nor events nor ids. */
  protected get forPeople(): boolean {
    return !this.json && !this.events && !this.quiet;
  }

  protected async printResult(result: Result, log: RunLog): Promise<void> {
    const { json, events, quiet, context } = this;
    await writeResult(result, { stdout: context.stdout, json, events, quiet, log });
    await this.writeOutput(() => result.document());
  }

  /** `--output`. What is printed stands whether or not the file can be written. */
  private async writeOutput(document: () => object): Promise<void> {
    if (this.outputPath === undefined) return;
    this.lostOutput = !(await this.writeFile(this.outputPath, jsonText(document())));
  }

  /** Whether it could be written; where not, that is told. */
  protected async writeFile(path: string, pieces: Iterable<string>): Promise<boolean> {
    try {
      await writeOutputFile(path, pieces);
      return true;
    } catch (error) {
      this.tell(renderError(explain(error)));
      return false;
    }
  }

  /** What is shown while the command works. */
  protected get output(): RunOutput {
    const { quiet, verbose, progress, context, actions } = this;
    return { stderr: context.stderr, quiet, verbose, progress, env: context.env, actions };
  }

  private async settings(name: CommandName, signal: AbortSignal): Promise<CommonSettings> {
    const { env, stdout } = this.context;
    const { given } = this;
    const file = optionTable.config!.commands.includes(name) ? await this.readFile() : undefined;
    const pick = <K extends keyof TopSettings>(key: K) =>
      (given.value(key) as TopSettings[K]) ?? file?.config[key];
    this.json = pick('json') ?? false;
    this.events = pick('events') ?? false;
    checkForms({ json: this.json, events: this.events });
    this.verbose = pick('verbose') ?? false;
    this.quiet = pick('quiet') ?? false;
    this.progress = !(pick('no-progress') ?? false);
    const outputPath = pick('output');
    if (outputPath !== undefined) await checkOutputFile(outputPath, '--output');
    this.outputPath = outputPath;
    const local = given.value('local') ?? false;
    const requestTimeout = pick('request-timeout');
    const outageTimeout = pick('outage-timeout');
    const connection: ConnectionOptions = {
      ...sessionOf((key) => [pick(key)].flat()[0]),
      endpointUrl: pick('endpoint-url'),
      allowInsecureEndpoint: pick('allow-insecure-endpoint') ?? false,
      requestTimeoutMs: requestTimeout === undefined ? defaultRequestTimeoutMs : requestTimeout * 1000,
      maxAttempts: pick('max-attempts'),
      outageTimeoutMs: outageTimeout === undefined ? this.defaultOutageTimeoutMs : outageTimeout * 1000,
      clock: createServiceClock(),
      askMfaCode: askMfaCode(this.context, signal),
      env,
    };
    this.access = connection;
    // Loaded here, so that a wrong command line is answered without waiting for it.
    const { checkNetworkVariables } = await import('../aws/network.ts');
    await checkNetworkVariables(env);
    const workDirectory = resolve(pick('work-dir') ?? defaultWorkDirectory(env));
    const log = await openRunLog({
      path: pick('log-file'),
      verbose: this.verbose,
      say: (line) => this.tell(line),
      ...(this.events && { events: stdout }),
    });
    return {
      file,
      configFlag: file && given.value('config'),
      workDirectory,
      local,
      log,
      signal,
      allowUnknownAccount: given.value('allow-unknown-account') ?? false,
      connection: { ...connection, onCall: log.enabled ? log.call : undefined },
    };
  }

  /** The configuration, of commands that have `--config`. */
  protected async readFile(): Promise<ConfigFile | undefined> {
    const path = this.given.value('config');
    const found = path === undefined ? findConfig() : { path, inParent: false };
    if (!found) return undefined;
    const file = await readConfig({ path: found.path, env: this.context.env });
    if (found.inParent && !(this.given.value('quiet') ?? file.config.quiet)) {
      this.tell(describeParent(file));
    }
    return file;
  }
}

/** A file of another directory may be somebody else's: what it would send requests to is told before the first one. */
function describeParent({ path, config }: ConfigFile): string {
  return [`Using ${path}`, ...destinations(config).map((line) => `  ${line}`)].join('\n');
}

/** @throws UsageError */
function checkForms({ json, events }: { readonly json?: boolean; readonly events?: boolean }): void {
  if (!json || !events) return;
  throw new UsageError('USAGE', '--json and --events are mutually exclusive', { hint: 'Specify only one.' });
}
