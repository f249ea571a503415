import { type CommandName, commandSpecs } from '../options/commands.ts';

/** The words with which a hint promises that the same command resumes. */
const promise = / to resume(?=[.,;]|$)/g;

/** The hint as it is true of this command: one that cannot resume starts from the beginning. */
export function hintFor(command: CommandName | undefined, hint: string): string {
  const resumes = command !== undefined && (commandSpecs[command].resumes ?? false);
  return resumes ? hint : hint.replace(promise, '');
}
