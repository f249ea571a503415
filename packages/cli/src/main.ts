import { type BaseContext, Cli, type CommandClass } from 'clipanion';
import { DemoCommand } from './commands/demo.ts';
import { DoctorCommand } from './commands/doctor.ts';
import { HelpCommand, VersionCommand } from './commands/help.ts';
import { ImportCommand } from './commands/import.ts';
import { JanitorCommand } from './commands/janitor.ts';
import { TagFixCommand } from './commands/tag-fix.ts';
import { VerifyCommand } from './commands/verify.ts';
import { UsageError } from './errors.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { renderCommandHelp, renderOverview } from './render/help.ts';
import { reportFatal } from './report-fatal.ts';
import { version } from './version.ts';

const commands: readonly CommandClass<BaseContext>[] = [
  // First: clipanion takes a default command that comes after the documented ones for the only one, and lists no other.
  HelpCommand,
  ImportCommand,
  JanitorCommand,
  TagFixCommand,
  VerifyCommand,
  DoctorCommand,
  DemoCommand,
  VersionCommand,
];

/**
 * Runs one command line and gives its exit code. Never throws.
 *
 * clipanion's own `run` is passed by: it prints errors to stdout, exits 1 on a wrong option and shows the stack of
 * every error that it does not know.
 */
export async function main(argv: readonly string[], context: BaseContext): Promise<ExitCode> {
  const cli = new Cli({
    binaryLabel: 'ec2-image: disk images into EC2 as tagged AMIs',
    binaryName: 'ec2-image',
    binaryVersion: version,
    enableColors: context.colorDepth > 1,
  });
  for (const command of commands) cli.register(command);
  const json = argv.includes('--json');
  const events = argv.includes('--events');
  try {
    const command = cli.process([...argv], context);
    if (command.help) {
      // `--help` alone is about all of them.
      context.stdout.write(
        command instanceof HelpCommand
          ? renderOverview({ version, commands: cli.definitions() })
          : renderCommandHelp(cli.usage(command, { detailed: true })),
      );
      return exitCodes.done;
    }
    command.cli = { ...cli, ...cliFunctions(cli) };
    return ((await command.validateAndExecute()) ?? exitCodes.done) as ExitCode;
  } catch (error) {
    return reportFatal(isClipanionError(error) ? usageError(error, argv[0]) : error, {
      context,
      json,
      events,
      command: argv[0],
    });
  }
}

/** What a command may ask of its surroundings, bound to this command line. */
function cliFunctions(cli: Cli<BaseContext>) {
  return {
    usage: (...about: Parameters<typeof cli.usage>) => renderCommandHelp(cli.usage(...about)),
    definitions: cli.definitions.bind(cli),
    error: cli.error.bind(cli),
    format: cli.format.bind(cli),
    process: cli.process.bind(cli),
    run: cli.run.bind(cli),
  };
}

/** clipanion marks its own errors, of a wrong command line, and exports only one of their classes. */
function isClipanionError(error: unknown): error is Error {
  return error instanceof Error && 'clipanion' in error;
}

/** Its message goes on with the usage of every command that might have been meant: a screenful, and in the help too. */
function usageError(error: Error, command: string | undefined): UsageError {
  const [summary = ''] = error.message.split('\n');
  const known = commands
    .flatMap(({ paths }) => paths ?? [])
    .some(([name]) => name !== undefined && name === command);
  return new UsageError('USAGE', summary.replace(/\.$/, ''), {
    hint: known ? `See \`ec2-image ${command} --help\`.` : 'See `ec2-image --help` for the commands.',
    cause: error,
  });
}
