import { type AmisByName, byName, type FoundAmis, type ListedAmi } from '@ec2-image/janitor';
import { printable } from '@ec2-image/redact';
import { formatAge } from './format.ts';
import { renderGaps } from './gaps.ts';
import { renderTable } from './table.ts';

export interface ListLayout {
  readonly layout: 'table' | 'images';
  /** Of the terminal. */
  readonly width?: number;
}

/** The one document of `list --json`. */
export function listDocument({ account, regions, amis, gaps }: FoundAmis, { layout }: ListLayout): object {
  return {
    version: 1,
    list: { account, regions, ...(layout === 'images' ? { images: byName(amis) } : { amis }), gaps },
  };
}

/** `--quiet`: the AMIs, one a line; with `--layout images` the newest of each stream and region. */
export function listIds({ amis }: FoundAmis, { layout }: ListLayout): string[] {
  return layout === 'images'
    ? entriesOf(byName(amis)).map(({ imageId }) => imageId)
    : amis.map(({ imageId }) => imageId);
}

export function renderList({ amis, gaps }: FoundAmis, { layout, width }: ListLayout): string {
  const none = `No AMIs made by ec2-image were found${gaps.length > 0 ? ' in what could be read' : ''}.`;
  const shown = layout === 'images' ? renderNames(byName(amis), width) : renderAmis(amis, width);
  return [amis.length > 0 ? shown : none, ...renderGaps(gaps)].join('\n\n');
}

const nothing = '-';

type Column = readonly [heading: string, cell: (ami: ListedAmi) => string];

const columns: readonly Column[] = [
  ['NAME', ({ amiName }) => printable(amiName)],
  ['AMI', ({ imageId }) => imageId],
  ['REGION', ({ region }) => region],
  ['ARCH', ({ architecture }) => architecture ?? nothing],
  ['AGE', ({ ageSeconds }) => (ageSeconds === null ? nothing : formatAge(ageSeconds))],
  ['STATE', ({ state, deprecated }) => (deprecated ? `${state}, deprecated` : state)],
  ['SNAPSHOT', ({ snapshotIds }) => snapshotIds.join(', ') || nothing],
  ['BOOT TEST', ({ bootTest }) => printable(bootTest ?? nothing)],
  ['PROOF', ({ proof }) => proof ?? nothing],
  ['SIGNED BY', ({ signedBy }) => printable(signedBy?.slice(-16) ?? nothing)],
  ['SHARED WITH', ({ sharedWith }) => sharers(sharedWith)],
  ['DEPRECATED', ({ deprecatesAt }) => deprecatesAt?.slice(0, 10) ?? nothing],
  [
    'PARAMETERS',
    ({ parameters }) => (parameters === null ? unknown : printable(parameters.join(', ')) || nothing),
  ],
];

/** What could not be read is not nothing. */
const unknown = '?';

/** Nobody reads a dozen ARNs in a table: `--json` has them. */
const maxSharers = 2;

function sharers(sharedWith: readonly string[] | null): string {
  if (sharedWith === null) return unknown;
  if (sharedWith.length === 0) return nothing;
  const shown = sharedWith
    .slice(0, maxSharers)
    .map((who) => (who === 'all' ? 'public' : (who.split('/').at(-1) ?? who)));
  return [
    ...shown,
    ...(sharedWith.length > maxSharers ? [`${sharedWith.length - maxSharers} more`] : []),
  ].join(', ');
}

/** Without the columns in which no AMI has anything. */
function renderAmis(amis: readonly ListedAmi[], width: number | undefined): string {
  const rows = amis.map((ami) => columns.map(([, cell]) => cell(ami)));
  const kept = columns.flatMap(([heading], column) =>
    rows.some((row) => row[column] !== nothing) ? [{ heading, column }] : [],
  );
  return renderTable(
    [kept.map(({ heading }) => heading), ...rows.map((row) => kept.map(({ column }) => row[column]!))],
    { width, fold: true },
  );
}

function renderNames(names: AmisByName, width: number | undefined): string {
  const rows = entriesOf(names).map(({ name, architecture, region, imageId }) => [
    printable(name),
    architecture,
    region,
    imageId,
  ]);
  return renderTable([['NAME', 'ARCH', 'REGION', 'AMI'], ...rows], { width, fold: true });
}

function entriesOf(names: AmisByName) {
  return Object.entries(names).flatMap(([name, architectures]) =>
    Object.entries(architectures).flatMap(([architecture, regions]) =>
      Object.entries(regions).map(([region, imageId]) => ({ name, architecture, region, imageId })),
    ),
  );
}
