import { commandNames } from './commands.ts';
import { groups, hasVariable, isAtTop, isOfImage, type OptionEntry, type OptionTable } from './option.ts';
import { optionTable } from './table.ts';

const begin = '<!-- options: generated from packages/cli/src/options -->';
const end = '<!-- /options -->';

/** The README with the option table of today between its markers. */
export function withOptionTable(readme: string, table: OptionTable = optionTable): string {
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the README lacks ${begin} or ${end}`);
  return `${readme.slice(0, from + begin.length)}\n\n${renderOptionTable(table)}\n\n${readme.slice(to)}`;
}

function renderOptionTable(table: OptionTable): string {
  const entries = Object.entries(table);
  return Object.entries(groups)
    .map(([group, title]) => ({ title, members: entries.filter(([, entry]) => entry.group === group) }))
    .filter(({ members }) => members.length > 0)
    .map(({ title, members }) =>
      [
        `**${title}**`,
        '',
        '| option | commands | in the file | meaning |',
        '|---|---|---|---|',
        ...members.map(([key, entry]) => renderRow(key, entry)),
      ].join('\n'),
    )
    .join('\n\n');
}

function renderRow(key: string, entry: OptionEntry): string {
  const { kind, help, default: otherwise, commands } = entry;
  const flag = commands.length > 0 ? `--${key}${kind.metavar ? ` ${kind.metavar}` : ''}` : `${key}:`;
  const cells = [
    `\`${flag}\``,
    renderCommands(commands),
    place(entry),
    `${help}${otherwise === undefined ? '' : ` (default: ${otherwise})`}`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |`;
}

function renderCommands(commands: OptionEntry['commands']): string {
  const others = commandNames.filter((name) => !commands.includes(name));
  if (others.length === 0) return 'all';
  return others.length === 1 ? `all but ${others[0]}` : commands.join(', ');
}

function place(entry: OptionEntry): string {
  const places = [...(isAtTop(entry) ? ['top'] : []), ...(isOfImage(entry) ? ['image'] : [])];
  if (places.length > 0) return places.join(', ');
  return hasVariable(entry) ? 'variable only' : 'command line only';
}
