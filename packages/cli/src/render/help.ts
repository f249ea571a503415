import wrapAnsi from 'wrap-ansi';
import { type CommandName, commandNames, commandSpecs } from '../options/commands.ts';
import {
  groups,
  hasVariable,
  type OptionEntry,
  type OptionTable,
  optionsOf,
  variableOf,
} from '../options/option.ts';
import { optionTable } from '../options/table.ts';

/** Where nobody knows how wide the terminal is. */
const defaultColumns = 80;
/** Wider lines are hard to read. */
const maxColumns = 110;
/** Of the column of options; what is longer has its text below. */
const maxDefinitionWidth = 30;

/** The commands, and where to read on. */
export function renderOverview({
  version,
  columns,
}: {
  readonly version: string;
  readonly columns?: number;
}): string {
  const rows = commandNames.map((name) => [`  ${name}`, commandSpecs[name].summary]);
  return `ec2-image ${version}: imports disk images into EC2 as tagged AMIs

Usage: ec2-image COMMAND [OPTION…]

Commands:
${hanging(rows, widthOf(columns))}

Examples:
  ec2-image demo
  ec2-image import --name fedora-aws --arch x86_64 \\
    --url URL --checksum-url URL --bucket BUCKET
  ec2-image import --config ec2-image.yaml --json

\`ec2-image help COMMAND\` describes a command, \`ec2-image --version\` prints the version.
`;
}

/** A command: its own options by group, those that every command has, examples. */
export function renderCommandHelp(
  name: CommandName,
  { columns, table = optionTable }: { readonly columns?: number; readonly table?: OptionTable } = {},
): string {
  const { summary, details, operands, examples } = commandSpecs[name];
  const width = widthOf(columns);
  const options = optionsOf(table, name);
  const isCommon = ([, { group }]: [string, OptionEntry]) => group === 'account' || group === 'output';
  const sections = (wanted: (option: [string, OptionEntry]) => boolean) =>
    Object.entries(groups).flatMap(([group, title]) => {
      const members = options.filter((one) => one[1].group === group && wanted(one));
      return members.length === 0
        ? []
        : [
            `${title}:\n${hanging(
              members.map(([key, entry]) => definitionOf(key, entry)),
              width,
            )}`,
          ];
    });
  const operand = operands ? ` ${operands.min > 0 ? operands.metavar : `[${operands.metavar}…]`}` : '';
  return `${[
    wrapAnsi(`ec2-image ${name}: ${summary}`, width),
    `Usage: ec2-image ${name}${operand} [OPTION…]`,
    ...details.map((paragraph) => wrapAnsi(paragraph, width)),
    ...sections((one) => !isCommon(one)),
    ...sections(isCommon),
    ...(options.some(([, entry]) => hasVariable(entry)) ? [wrapAnsi(aboutVariables(options), width)] : []),
    `Examples:\n${examples.map(([title, command]) => `  ${title}:\n${indented(command, 4)}`).join('\n\n')}`,
  ].join('\n\n')}\n`;
}

export function aboutVariables(options: readonly [string, OptionEntry][]): string {
  const alone = options.filter(([, entry]) => !hasVariable(entry)).map(([key]) => `--${key}`);
  const example = options.find(([, entry]) => hasVariable(entry))![0];
  const except = alone.length === 0 ? '' : `, except ${alone.join(', ')}`;
  return `Options can also be set in the environment, --${example} as ${variableOf(example)}${except}. An option wins over the environment, and that over the configuration file; --no-json and the like unset a switch that is set there.`;
}

function definitionOf(key: string, { kind, help, default: otherwise }: OptionEntry): [string, string] {
  return [
    `  --${key}${kind.metavar ? ` ${kind.metavar}` : ''}`,
    `${help}${otherwise === undefined ? '' : ` (default: ${otherwise})`}`,
  ];
}

/** Two columns, the second of them wrapped; below the first where that is too long, or the terminal too narrow. */
function hanging(rows: readonly (readonly string[])[], width: number): string {
  const longest = Math.max(...rows.map(([definition]) => definition!.length));
  const left = Math.min(longest, maxDefinitionWidth) + 2;
  const stacked = width - left < 24;
  return rows
    .map(([definition, words]) => {
      const indent = stacked ? 6 : left;
      const text = indented(wrapAnsi(words!, width - indent), indent);
      return stacked || definition!.length + 2 > left
        ? `${definition}\n${text}`
        : `${definition}${text.slice(definition!.length)}`;
    })
    .join('\n');
}

function indented(text: string, by: number): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(by));
}

function widthOf(columns = defaultColumns): number {
  return Math.max(40, Math.min(columns, maxColumns));
}
