import type { BaseContext, CommandClass } from 'clipanion';
import type { CommandName } from '../options/commands.ts';
import type { metaWords, versionWords } from './meta-words.ts';

/** The version is printed without a command. */
type MetaWord = Exclude<(typeof metaWords)[number], (typeof versionWords)[number]>;

type Load = () => Promise<CommandClass<BaseContext>>;

const help: Load = async () => (await import('./help.ts')).HelpCommand;

/** Each in a module that is loaded when it is run: all of them together take several times as long as any. */
const loaders: Readonly<Record<CommandName | MetaWord | '__complete', Load>> = {
  import: async () => (await import('./import.ts')).ImportCommand,
  plan: async () => (await import('./plan.ts')).PlanCommand,
  publish: async () => (await import('./publish.ts')).PublishCommand,
  list: async () => (await import('./list.ts')).ListCommand,
  status: async () => (await import('./status.ts')).StatusCommand,
  janitor: async () => (await import('./janitor.ts')).JanitorCommand,
  retire: async () => (await import('./retire.ts')).RetireCommand,
  'tag-fix': async () => (await import('./tag-fix.ts')).TagFixCommand,
  verify: async () => (await import('./verify.ts')).VerifyCommand,
  'boot-test': async () => (await import('./boot-test.ts')).BootTestCommand,
  doctor: async () => (await import('./doctor.ts')).DoctorCommand,
  'iam-policy': async () => (await import('./iam-policy.ts')).IamPolicyCommand,
  init: async () => (await import('./init.ts')).InitCommand,
  config: async () => (await import('./config.ts')).ConfigCommand,
  completion: async () => (await import('./completion.ts')).CompletionCommand,
  explain: async () => (await import('./explain.ts')).ExplainCommand,
  demo: async () => (await import('./demo.ts')).DemoCommand,
  __complete: async () => (await import('./complete.ts')).CompleteCommand,
  help,
  '--help': help,
  '-h': help,
};

/**
 * The class of the command that the first word of a command line names.
 *
 * @throws UsageError `USAGE` for a word that names none
 */
export async function loadCommand(word: string): Promise<CommandClass<BaseContext>> {
  if (Object.hasOwn(loaders, word)) return loaders[word as keyof typeof loaders]();
  const { unknownCommand } = await import('./unknown-command.ts');
  throw unknownCommand(word);
}
