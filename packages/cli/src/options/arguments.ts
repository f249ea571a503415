import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { UsageError } from '../errors/cli-error.ts';
import { type CommandName, commandSpecs } from './commands.ts';
import { show } from './kinds/kind.ts';
import { isAtTop, isOfImage, type OptionEntry, type OptionTable, optionsOf } from './option.ts';
import { didYouMean } from './suggest.ts';
import { optionTable } from './table.ts';

/** A command line taken apart, its values still unchecked. */
export interface Arguments {
  /** By key, each time it was given. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly operands: readonly string[];
  /** Asked for: nothing else counts, and no more is checked than that the options exist. */
  readonly help: boolean;
}

/**
 * Takes a command's arguments apart, by the options that the table gives it.
 *
 * @throws UsageError `USAGE`
 */
export function parseArguments(
  command: CommandName,
  args: readonly string[],
  table: OptionTable = optionTable,
): Arguments {
  const options = new Map(optionsOf(table, command));
  const config: ParseArgsOptionsConfig = { help: { type: 'boolean', short: 'h' } };
  for (const [key, { kind }] of options)
    config[key] = { type: kind.metavar === undefined ? 'boolean' : 'string' };
  const { tokens } = parseArgs({
    args: [...args],
    options: config,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const help = tokens.some((token) => token.kind === 'option' && token.name === 'help');
  const flags = new Map<string, string[]>();
  const operands: string[] = [];
  const wrong = (message: string, hint = `See \`ec2-image ${command} --help\`.`) =>
    new UsageError('USAGE', message, { hint });
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const negated = name.startsWith('no-') ? name.slice(3) : undefined;
    const key =
      !options.has(name) && negated !== undefined && isNegatable(options.get(negated)) ? negated : name;
    const entry = options.get(key);
    if (name === 'help') continue;
    if (!entry) throw unknownOption(rawName, { command, known: [...options.keys()], table });
    if (help) continue;
    if (entry.kind.metavar === undefined) {
      if (inlineValue) throw wrong(`${rawName} takes no value`);
      flags.set(key, [...(flags.get(key) ?? []), String(key === name)]);
      continue;
    }
    if (value === undefined || (!inlineValue && value.startsWith('-') && value !== '-')) {
      throw wrong(
        `${rawName} requires a value`,
        value === undefined
          ? `See \`ec2-image ${command} --help\`.`
          : `Write ${rawName}=VALUE if the value begins with a dash.`,
      );
    }
    flags.set(key, [...(flags.get(key) ?? []), value]);
  }
  if (help) return { flags: new Map(), operands: [], help };
  checkOperands(command, operands);
  return { flags, operands, help };
}

/** A switch that the environment or a file can set can be unset here: `--no-verify`. */
function isNegatable(entry: OptionEntry | undefined): boolean {
  return entry !== undefined && entry.kind.metavar === undefined && (isAtTop(entry) || isOfImage(entry));
}

function unknownOption(
  rawName: string,
  {
    command,
    known,
    table,
  }: { readonly command: CommandName; readonly known: readonly string[]; readonly table: OptionTable },
): UsageError {
  const word = rawName.replace(/^-+/, '');
  const elsewhere = table[word]?.commands ?? [];
  const meant = elsewhere.length > 0 ? '' : didYouMean(word, known, (key) => `--${key}`);
  return new UsageError('USAGE', `unknown option ${rawName}${meant}`, {
    hint:
      elsewhere.length > 0
        ? `${command} has no ${rawName}; it is an option of ${elsewhere.join(', ')}.`
        : `See \`ec2-image ${command} --help\`.`,
    facts: { option: rawName },
  });
}

function checkOperands(command: CommandName, operands: readonly string[]): void {
  const { operands: spec } = commandSpecs[command];
  const hint = `See \`ec2-image ${command} --help\`.`;
  const { min, max, what } = spec ?? { min: 0, max: 0, what: 'no arguments' };
  if (operands.length < min) throw new UsageError('USAGE', `${command} requires ${what}`, { hint });
  const extra = operands[max];
  if (extra !== undefined) {
    throw new UsageError('USAGE', `unexpected argument ${show(extra)}: ${command} takes ${what}`, {
      hint,
    });
  }
  for (const operand of operands) {
    const checked = spec?.kind?.schema.safeParse(operand);
    if (checked && !checked.success)
      throw new UsageError('BAD_OPTION', checked.error.issues[0]!.message, { hint });
  }
}
