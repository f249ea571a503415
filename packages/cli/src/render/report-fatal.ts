import type { BaseContext } from 'clipanion';
import type { AwsAccess } from '../errors/aws-command.ts';
import { exitCodeOf } from '../errors/cli-error.ts';
import type { ExitCode } from '../errors/exit-code.ts';
import { type Explained, explain } from '../errors/explain.ts';
import { type CommandName, resumes } from '../options/commands.ts';
import { eventLine } from '../run-log.ts';
import { renderError } from './error.ts';
import { failedImportDocument } from './import-report.ts';
import { writeMessage } from './messages.ts';

/** The run as a whole could not start, or broke: said on stderr, and as document or event where one was asked for. */
export function reportFatal(
  error: unknown,
  {
    context,
    json,
    events = false,
    command,
    verbose = false,
    access,
  }: {
    readonly context: BaseContext;
    readonly json: boolean;
    readonly events?: boolean;
    /** Undefined where the command line named none that there is. */
    readonly command?: CommandName;
    readonly verbose?: boolean;
    readonly access?: AwsAccess;
  },
): ExitCode {
  const explained = explain(error, { resumes: command !== undefined && resumes(command), access });
  writeMessage(context.stderr, renderError(explained));
  if (verbose && error instanceof Error && error.stack) writeMessage(context.stderr, error.stack);
  if (json) {
    context.stdout.write(`${JSON.stringify(failedDocument(command, explained), null, 2)}\n`);
  } else if (events) {
    context.stdout.write(eventLine('error', explained));
  }
  return exitCodeOf(error);
}

/** The one document of a command that failed as a whole. */
export function failedDocument(command: CommandName | undefined, error: Explained): object {
  if (command === 'import') return failedImportDocument(error);
  return { version: 1, ...(command !== undefined && { [command]: null }), error };
}
