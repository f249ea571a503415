import { findConfig } from '../config/find-config.ts';
import { readConfigSource } from '../config/read-config.ts';
import { type ConfigProblem, type ConfigVerdict, validateConfig } from '../config/validate-config.ts';
import { UsageError } from '../errors/cli-error.ts';
import { exitCodes } from '../errors/exit-code.ts';
import { type ConfigAction, configActions } from '../options/commands/setup.ts';
import { readGiven } from '../options/given.ts';
import { configurationSchema } from '../options/json-schema.ts';
import { show } from '../options/kinds/kind.ts';
import { didYouMean } from '../options/suggest.ts';
import type { ImageSettings } from '../options/table.ts';
import type { CommonSettings } from '../settings.ts';
import { TableCommand } from './common.ts';

export class ConfigCommand extends TableCommand {
  static override paths = [['config']];

  protected override checkUsage(): void {
    this.action();
  }

  /** What is wrong with it is the result, and no reason to stop. */
  protected override async readFile(): Promise<undefined> {}

  protected async run(settings: CommonSettings): Promise<number> {
    return this.action() === 'schema' ? this.schema(settings) : this.validate(settings);
  }

  private async schema({ log }: CommonSettings): Promise<number> {
    const schema = configurationSchema();
    const text = () => JSON.stringify(schema, null, 2);
    await this.printResult(
      { document: () => ({ version: 1, config: { schema } }), ids: () => [text()], text },
      log,
    );
    return exitCodes.done;
  }

  private async validate({ log }: CommonSettings): Promise<number> {
    const { env } = this.context;
    const path = this.given.value('config') ?? findConfig()?.path;
    if (path === undefined) {
      throw new UsageError('CONFIG_NOT_FOUND', 'there is no ec2-image.yaml here', {
        hint: 'Write one with `ec2-image init`, or name one with --config.',
      });
    }
    const given = readGiven({ command: 'import', flags: new Map(), env });
    const verdict = validateConfig({
      path,
      source: await readConfigSource(path),
      env,
      flags: Object.fromEntries(given.all) as ImageSettings,
    });
    const isValid = verdict.problems.length === 0;
    await this.printResult(
      {
        document: () => ({ version: 1, config: { path, valid: isValid, ...verdict } }),
        ids: () => (isValid ? [] : renderProblems(path, verdict)),
        text: () =>
          [...renderProblems(path, verdict), ...(isValid ? [summary(path, verdict)] : [])].join('\n'),
      },
      log,
    );
    return isValid ? exitCodes.done : exitCodes.usage;
  }

  /** @throws UsageError `USAGE` */
  private action(): ConfigAction {
    const word = this.operands[0]!;
    const action = configActions.find((one) => one === word);
    if (action) return action;
    throw new UsageError('USAGE', `config cannot ${show(word)}${didYouMean(word, configActions)}`, {
      hint: 'See `ec2-image config --help`.',
    });
  }
}

/** As compilers print them, so that editors find the place. */
function renderProblems(path: string, { problems, warnings }: ConfigVerdict): string[] {
  const line = (kind: string, problem: ConfigProblem) =>
    `${path}:${problem.line}:${problem.column}: ${kind} ${problem.code}: ${problem.message}\n  ${problem.hint}`;
  return [
    ...problems.map((problem) => line('error', problem)),
    ...warnings.map((warning) => line('warning', warning)),
  ];
}

function summary(path: string, { images }: ConfigVerdict): string {
  return `${path} is valid: ${images.length > 0 ? images.join(', ') : 'no images'}`;
}
