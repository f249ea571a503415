import { accountCommands } from './commands/account.ts';
import { checkCommands } from './commands/checks.ts';
import { imageCommands } from './commands/images.ts';
import { setupCommands } from './commands/setup.ts';
import type { CommandSpec } from './commands/spec.ts';

/** In the order of `--help`. */
const commands = {
  ...imageCommands,
  ...accountCommands,
  ...checkCommands,
  ...setupCommands,
} as const satisfies Readonly<Record<string, CommandSpec>>;

export type CommandName = keyof typeof commands;

export const commandNames = Object.keys(commands) as CommandName[];

export const commandSpecs: Readonly<Record<CommandName, CommandSpec>> = commands;

/** Whether the same command continues from what an earlier run of it left unfinished. */
export function resumes(command: CommandName): boolean {
  return commandSpecs[command].resumes ?? false;
}

export function isCommand(word: string | undefined): word is CommandName {
  return word !== undefined && Object.hasOwn(commands, word);
}
