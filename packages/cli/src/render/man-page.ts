import { type CommandName, commandNames, commandSpecs } from '../options/commands.ts';
import { groups, hasVariable, type OptionEntry, optionsOf } from '../options/option.ts';
import { optionTable } from '../options/table.ts';
import { aboutVariables } from './help.ts';

/** The file names of the pages: `ec2-image.1`, and one for each command. */
export const manPages: readonly string[] = [
  'ec2-image.1',
  ...commandNames.map((name) => `ec2-image-${name}.1`),
];

/** `ec2-image.1`, in the language of man(7). */
export function renderMainManPage(): string {
  const commands = commandNames.flatMap((name) => [
    '.TP',
    `.BR ${roff(`ec2-image-${name}`)} (1)`,
    text(sentence(commandSpecs[name].summary)),
  ]);
  return page('ec2-image', [
    ...section('NAME', ['ec2\\-image \\- import disk images into EC2 as tagged AMIs']),
    ...section('SYNOPSIS', ['.B ec2\\-image', '.I COMMAND', '[\\fIOPTION\\fR...]']),
    ...section('DESCRIPTION', [
      text(
        'Takes virtual machine disk images from a download URL to EC2 AMIs, unattended. It verifies every byte, and starts from the end: results that exist, in the account or in the work directory, are reused, and only what is missing is made. Run the same command again to resume a failed or interrupted run.',
      ),
    ]),
    ...section('COMMANDS', commands),
    ...section('FILES', [
      '.TP',
      '.I ec2\\-image.yaml',
      text(
        "The configuration, in the current directory or its parents, up to the repository's root. Its keys are the names of the options.",
      ),
      '.TP',
      '.I ~/.cache/ec2\\-image',
      text(
        'The work directory, which holds what a later run can resume from, unless there is a directory .ec2-image here.',
      ),
    ]),
    ...section('SEE ALSO', [seeAlso(commandNames.map((name) => `ec2-image-${name}`))]),
  ]);
}

/** The page of one command. */
export function renderManPage(name: CommandName): string {
  const { summary, details, operands, examples } = commandSpecs[name];
  const options = optionsOf(optionTable, name);
  const operand = operands && (operands.min > 0 ? operands.metavar : `[${operands.metavar}...]`);
  return page(`ec2-image-${name}`, [
    ...section('NAME', [`${roff(`ec2-image-${name}`)} \\- ${text(summary)}`]),
    ...section('SYNOPSIS', [
      `.B ec2\\-image ${roff(name)}`,
      ...(operand ? [`.I ${roff(operand)}`] : []),
      '[\\fIOPTION\\fR...]',
    ]),
    ...section(
      'DESCRIPTION',
      details.flatMap((paragraph, at) => [...(at > 0 ? ['.PP'] : []), text(paragraph)]),
    ),
    ...section(
      'OPTIONS',
      Object.entries(groups).flatMap(([group, title]) => {
        const members = options.filter(([, entry]) => entry.group === group);
        return members.length === 0 ? [] : [`.SS "${title}"`, ...members.flatMap(definition)];
      }),
    ),
    ...(options.some(([, entry]) => hasVariable(entry))
      ? section('ENVIRONMENT', [text(aboutVariables(options))])
      : []),
    ...section(
      'EXAMPLES',
      examples.flatMap(([title, command], at) => [
        ...(at > 0 ? ['.PP'] : []),
        text(`${title}:`),
        '.PP',
        '.RS 4',
        '.nf',
        ...command.split('\n').map(text),
        '.fi',
        '.RE',
      ]),
    ),
    ...section('SEE ALSO', [seeAlso(['ec2-image'])]),
  ]);
}

function page(title: string, lines: readonly string[]): string {
  return `${[
    '.\\" Generated from the option table: packages/cli/src/options',
    `.TH ${roff(title.toUpperCase())} 1 "" "ec2\\-image" "ec2\\-image manual"`,
    // Neither hyphens at line ends, which are copied with a command, nor stretched lines.
    '.nh',
    '.ad l',
    ...lines,
  ].join('\n')}\n`;
}

function section(title: string, lines: readonly string[]): string[] {
  return [`.SH ${title.includes(' ') ? `"${title}"` : title}`, ...lines];
}

function definition([key, { kind, help, default: otherwise }]: [string, OptionEntry]): string[] {
  const metavar = kind.metavar ? ` \\fI${roff(kind.metavar)}\\fR` : '';
  const about = `${help}${otherwise === undefined ? '' : ` (default: ${otherwise})`}`;
  return ['.TP', `\\fB${roff(`--${key}`)}\\fR${metavar}`, text(sentence(about))];
}

function seeAlso(names: readonly string[]): string {
  return names.map((name, at) => `.BR ${roff(name)} (1)${at < names.length - 1 ? ',' : ''}`).join('\n');
}

function sentence(words: string): string {
  return `${words[0]!.toUpperCase()}${words.slice(1)}.`;
}

/** A line of text: none is taken for a request. */
function text(words: string): string {
  const escaped = roff(words);
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

function roff(words: string): string {
  return words.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('…', '...');
}
