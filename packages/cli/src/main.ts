import { type BaseContext, Cli, type CommandClass } from 'clipanion';
import { wants } from './commands/common.ts';
import { DemoCommand } from './commands/demo.ts';
import { DoctorCommand } from './commands/doctor.ts';
import { ExplainCommand } from './commands/explain.ts';
import { HelpCommand, metaCommands, unknownCommand, VersionCommand } from './commands/help.ts';
import { IamPolicyCommand } from './commands/iam-policy.ts';
import { ImportCommand } from './commands/import.ts';
import { JanitorCommand } from './commands/janitor.ts';
import { TagFixCommand } from './commands/tag-fix.ts';
import { VerifyCommand } from './commands/verify.ts';
import { type ExitCode, exitCodes } from './errors/exit-code.ts';
import { isCommand } from './options/commands.ts';
import { reportFatal } from './render/report-fatal.ts';

const commandClasses: readonly CommandClass<BaseContext>[] = [
  HelpCommand,
  ImportCommand,
  JanitorCommand,
  TagFixCommand,
  VerifyCommand,
  DoctorCommand,
  IamPolicyCommand,
  ExplainCommand,
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
  const [word] = argv;
  try {
    if (word !== undefined && !isCommand(word) && !metaCommands.includes(word)) throw unknownCommand(word);
    const cli = Cli.from([...commandClasses], { binaryName: 'ec2-image' });
    const command = cli.process(word === undefined ? ['help'] : [...argv], context);
    return ((await command.validateAndExecute()) ?? exitCodes.done) as ExitCode;
  } catch (error) {
    return reportFatal(error, {
      context,
      json: wants('json', argv, context.env),
      events: wants('events', argv, context.env),
      command: isCommand(word) ? word : undefined,
    });
  }
}
