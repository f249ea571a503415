import { quote } from '../command-line.ts';

/** What leads `aws` to the same account. Of a role it knows only what a profile says. */
export interface AwsAccess {
  readonly profile?: string | undefined;
  readonly endpointUrl?: string | undefined;
}

/** A command of `aws` as it can be pasted into a shell, in the same account. */
export function completeAwsCommand(command: string, { profile, endpointUrl }: AwsAccess): string {
  const flags = { '--profile': profile, '--endpoint-url': endpointUrl };
  const given = Object.entries(flags).flatMap(([flag, value]) => (value === undefined ? [] : [flag, value]));
  return [command, ...given.map(quote)].join(' ');
}

/** The same of each that a hint names between backquotes. */
export function completeAwsCommands(hint: string, access: AwsAccess): string {
  return hint.replace(/`(aws [^`]+)`/g, (_, command: string) => `\`${completeAwsCommand(command, access)}\``);
}
