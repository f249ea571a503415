import type { FoundUnfinished, Unfinished } from '@ec2-image/janitor';
import { printable } from '@ec2-image/redact';
import { renderCommandLine } from '../command-line.ts';
import { formatAge, formatBytes } from './format.ts';
import { renderGaps } from './gaps.ts';
import { renderTable } from './table.ts';

/** The one document of `status --json`. */
export function statusDocument({ account, regions, unfinished, gaps }: FoundUnfinished): object {
  return { version: 1, status: { account, regions, unfinished, gaps } };
}

/** `--quiet`: what is unfinished, one a line. */
export function statusIds({ unfinished }: FoundUnfinished): string[] {
  return unfinished.map(({ id }) => id);
}

/** A row for each, and below the commands that continue them, in the account that was looked in: `connection`. */
export function renderStatus(
  { unfinished, gaps }: FoundUnfinished,
  { width, connection = [] }: { readonly width?: number; readonly connection?: readonly string[] } = {},
): string {
  if (unfinished.length === 0) {
    const where = gaps.length > 0 ? ' in what could be read' : '';
    return [`No import is running or unfinished${where}.`, ...renderGaps(gaps)].join('\n\n');
  }
  const rows = unfinished.map((one) => [
    one.kind,
    printable(one.amiName ?? '-'),
    one.region,
    stateOf(one),
    one.ageSeconds === null ? '-' : formatAge(one.ageSeconds),
    printable(one.id),
  ]);
  return [
    renderTable([['KIND', 'NAME', 'REGION', 'STATE', 'AGE', 'ID'], ...rows], { width }),
    ...renderCommands(unfinished, connection),
    ...renderGaps(gaps),
  ].join('\n\n');
}

function stateOf({ state, percent, sizeBytes }: Unfinished): string {
  if (percent !== null) return `${state} ${percent}%`;
  return sizeBytes === null ? state : `${state} ${formatBytes(sizeBytes)}`;
}

/** Commands are for copying, and stay whole. Several leftovers of one import have the same. */
function renderCommands(unfinished: readonly Unfinished[], connection: readonly string[]): string[] {
  const commands = new Set(
    unfinished.flatMap(({ command }) =>
      command ? `  ${printable(renderCommandLine([...command, ...connection]))}` : [],
    ),
  );
  const others = unfinished.filter(({ command }) => command === null);
  return [
    ...(commands.size > 0 ? [['To continue:', ...commands].join('\n')] : []),
    ...(others.length > 0
      ? [
          `${others.length} of them only the command that began ${others.length === 1 ? 'it' : 'them'} continues: nothing in the account names the image.`,
        ]
      : []),
  ];
}
