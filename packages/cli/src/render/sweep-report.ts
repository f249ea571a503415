import { type NamedResource, type RecycledFound, type SweepOutcome, totalsOf } from '@ec2-image/janitor';
import { printable } from '@ec2-image/redact';
import { renderTotals, whatOf } from './janitor-report.ts';

/** What a saved plan names, and no plan of now does. */
export function renderMissing(missing: readonly SweepOutcome[]): string {
  return [
    'In the saved plan, and not found to be deleted:',
    ...missing.map((one) => `  ${renderOutcome(one)}`),
  ].join('\n');
}

/** One line as one resource has had its turn. */
export function renderOutcome({ resource, outcome, detail }: SweepOutcome): string {
  const reason = detail === undefined ? '' : `: ${printable(detail)}`;
  return `${outcome.padEnd(8)}  ${resource.kind.padEnd(8)}  ${whatOf(resource)}${reason}`;
}

/** The sums, after a line for each: {@link renderOutcome}. */
export function renderOutcomes(outcomes: readonly SweepOutcome[]): string {
  const of = (wanted: SweepOutcome['outcome']) =>
    outcomes.filter(({ outcome }) => outcome === wanted).map(({ resource }) => resource);
  const deleted = of('deleted');
  const others = (['gone', 'skipped', 'failed'] as const).flatMap((kind) => {
    const number = of(kind).length;
    return number > 0 ? [`${number} ${labels[kind]}`] : [];
  });
  return [
    deleted.length > 0 ? `Deleted: ${renderTotals(totalsOf(deleted))}` : 'Nothing was deleted.',
    ...(of('deprecated').length > 0 ? [`Deprecated: ${renderTotals(totalsOf(of('deprecated')))}`] : []),
    ...(of('disabled').length > 0
      ? [`Disabled: ${idsOf(of('disabled'))}. A later run deregisters what is still unused.`]
      : []),
    ...(of('enabled').length > 0 ? [`Enabled again: ${idsOf(of('enabled'))}`] : []),
    ...(others.length > 0 ? [`Not deleted: ${others.join(', ')}`] : []),
  ].join('\n');
}

function idsOf(resources: readonly Pick<NamedResource, 'id'>[]): string {
  return resources.map(({ id }) => id).join(', ');
}

/** What a retention rule keeps of that which was deleted. */
export function renderRecycled(found: RecycledFound | undefined): string[] {
  const { recycled = [], unread = [] } = found ?? {};
  return [
    ...(recycled.length > 0
      ? [
          [
            'In the Recycle Bin, by a retention rule of this account, and still charged:',
            ...recycled.map(
              ({ id, region, until }) => `  ${id} in ${region}${until === null ? '' : `, until ${until}`}`,
            ),
          ].join('\n'),
        ]
      : []),
    ...unread.map(
      ({ region, detail }) =>
        `The Recycle Bin of ${region} could not be read, so what was deleted may still be charged: ${printable(detail)}`,
    ),
  ];
}

const labels = { gone: 'already gone', skipped: 'skipped', failed: 'failed' } as const;
