import {
  type NamedResource,
  type Plan,
  type Resource,
  type ResourceToKeep,
  resourcesToChange,
  type SweepOutcome,
  type Totals,
  totalsOf,
  type WorkFiles,
} from '@ec2-image/janitor';
import { printable } from '@ec2-image/redact';
import { renderCommandLine } from '../command-line.ts';
import type { JanitorResult } from '../janitor/outcome.ts';
import { formatAge, formatBytes } from './format.ts';
import { renderGaps } from './gaps.ts';
import { renderTable } from './table.ts';

/** The one document of `janitor --json` and `retire --json`. */
export function sweepDocument(subject: 'janitor' | 'retire', result: JanitorResult): object {
  const { plan, missing, outcomes, recycled, workFiles, removedWorkFiles } = result;
  return {
    version: 1,
    [subject]: {
      plan,
      ...(missing && { missing: missing.map(outcomeDocument) }),
      ...(outcomes && { outcomes: outcomes.map(outcomeDocument) }),
      ...(recycled && { recycleBin: recycled }),
      ...(workFiles && {
        workFiles: workFiles.map((files) => ({
          path: files.path,
          sizeBytes: files.sizeBytes,
          live: files.live,
          foreign: files.foreign,
          removed: removedWorkFiles?.includes(files) ?? false,
        })),
      }),
    },
  };
}

function outcomeDocument({ resource: { ref, kind, id }, outcome, detail }: SweepOutcome): object {
  return { ref, kind, id, outcome, detail };
}

/** `--quiet`: what was deleted, deprecated or disabled, or would be. */
export function sweepIds({ plan, outcomes }: JanitorResult): string[] {
  const resources = outcomes
    ? outcomes
        .filter(({ outcome }) => ['deleted', 'deprecated', 'disabled'].includes(outcome))
        .map(({ resource }) => resource)
    : resourcesToChange(plan).filter(({ verdict }) => verdict !== 'enable');
  // A key alone names nothing.
  return resources.map(({ id, ref, bucket }) => (bucket === undefined ? id : ref));
}

export interface PlanLayout {
  /** Of the terminal, or as wide as a line may be elsewhere. Default 120. */
  readonly width?: number;
  /** Arguments that lead the commands to the account that was looked in. Default none. */
  readonly connection?: readonly string[];
}

const defaultWidth = 120;

/** What was found, by verdict. */
export function renderPlan(plan: Plan, { width = defaultWidth, connection = [] }: PlanLayout = {}): string {
  const { resources, gaps, notices } = plan;
  const severalRegions = plan.regions.length > 1;
  const kept = fewOfEach(resources.filter((resource) => resource.verdict === 'keep'));
  const group = (heading: string, { members, shown = members, more = [] }: Group) =>
    members.length === 0
      ? []
      : [
          [
            `${heading}: ${renderTotals(totalsOf(members))}`,
            renderResources(shown, { severalRegions, width }),
            ...more,
          ].join('\n'),
        ];
  const ofVerdict = (verdict: Resource['verdict']) => ({
    members: resources.filter((resource) => resource.verdict === verdict),
  });
  const leftovers = [
    ...group('To delete', ofVerdict('delete')),
    ...group('To deprecate', ofVerdict('deprecate')),
    ...group('To disable (a later run deregisters what is still unused)', ofVerdict('disable')),
    ...group('To enable again', ofVerdict('enable')),
  ];
  return [
    renderScope(plan),
    ...(leftovers.length > 0 ? leftovers : [nothingFound(plan)]),
    ...group('Kept', kept),
    ...renderSuggestions(kept.shown, connection),
    ...renderGaps(gaps, 'Could not be read (dependent resources are kept):'),
    ...notices,
  ].join('\n\n');
}

function nothingFound({ policy, gaps }: Plan): string {
  const what = policy.retain ? 'No AMI to retire found' : 'No leftovers found';
  return gaps.length > 0 ? `${what} in what could be read.` : `${what}.`;
}

export function renderWorkFiles(files: readonly WorkFiles[], removed?: readonly WorkFiles[]): string {
  if (files.length === 0) return 'The work directory holds no files of ec2-image.';
  return renderTable([
    ['WORK FILES', 'SIZE', 'STATE'],
    ...files.map((file) => [
      file.path,
      formatBytes(file.sizeBytes),
      file.live
        ? 'kept: a run works with it'
        : file.foreign !== undefined
          ? `kept: ${file.foreign}`
          : removed?.includes(file)
            ? 'removed'
            : 'to delete: no run works with it',
    ]),
  ]);
}

function renderScope({ account, regions, buckets, prefixes, madeAt }: Plan): string {
  const places = buckets.flatMap(({ bucket, versioning }) =>
    prefixes.map(
      (prefix) => `s3://${bucket}/${prefix}${versioning === 'Never' ? '' : ' (with its versions)'}`,
    ),
  );
  return `Account ${account}, ${[...regions, ...places].join(', ')}, at ${madeAt}`;
}

interface Group {
  readonly members: readonly Resource[];
  readonly shown?: readonly Resource[];
  readonly more?: readonly string[];
}

/** Nobody reads a table of twenty thousand healthy AMIs. */
const mostOfOneCode = 50;

/** So many of each reason, and lines that count the others. */
function fewOfEach(members: readonly ResourceToKeep[]): Required<Group> {
  const counts = new Map<string, number>();
  const shown = members.filter(({ code }) => {
    const count = (counts.get(code) ?? 0) + 1;
    counts.set(code, count);
    return count <= mostOfOneCode;
  });
  const more = [...counts].flatMap(([code, count]) =>
    count > mostOfOneCode
      ? [`and ${count - mostOfOneCode} more that are kept (${wordsOf(code)}): --json lists them all`]
      : [],
  );
  return { members, shown, more };
}

function renderResources(
  resources: readonly Resource[],
  { severalRegions, width }: { readonly severalRegions: boolean; readonly width: number },
): string {
  const region = (cell: string) => (severalRegions ? [cell] : []);
  return renderTable(
    [
      ['KIND', 'WHAT', ...region('REGION'), 'SIZE', 'AGE', 'WHY'],
      ...resources.map((resource) => [
        resource.kind,
        whatOf(resource),
        ...region(resource.region),
        resource.sizeBytes === null
          ? '-'
          : `${resource.sizeIsUpperBound ? '≤ ' : ''}${formatBytes(resource.sizeBytes)}`,
        resource.ageSeconds === null ? '-' : formatAge(resource.ageSeconds),
        printable(
          shortDigests(
            'proof' in resource
              ? resource.proof
              : resource.verdict === 'enable'
                ? resource.reason
                : `${wordsOf(resource.code)}: ${resource.reason}`,
          ),
        ),
      ]),
    ],
    { width },
  );
}

/** A code as people read it: `too recent`. */
function wordsOf(code: string): string {
  return code.replaceAll('-', ' ');
}

/** The first 12 digits, as in keys and default suffixes: --json has them all. */
function shortDigests(text: string): string {
  return text.replace(/(sha(?:256|512):[0-9a-f]{12})[0-9a-f]+/g, '$1…');
}

export function whatOf(resource: NamedResource): string {
  return printable(nameOf(resource));
}

function nameOf({ kind, id, name, bucket, key, versionId }: NamedResource): string {
  if (kind === 'object')
    return `s3://${bucket}/${key}${versionId === undefined ? '' : ` (version ${versionId})`}`;
  if (kind === 'upload') return `s3://${bucket}/${key} (upload ${id.slice(0, 12)})`;
  return name === undefined ? id : `${id} (${name})`;
}

export function renderTotals({ resources, bytes, snapshotBytes }: Totals): string {
  const parts = [
    `${resources} ${resources === 1 ? 'resource' : 'resources'}`,
    ...(bytes > 0 ? [formatBytes(bytes)] : []),
    ...(snapshotBytes > 0 ? [`at most ${formatBytes(snapshotBytes)} of snapshots`] : []),
  ];
  return parts.join(', ');
}

function renderSuggestions(resources: readonly Resource[], connection: readonly string[]): string[] {
  const lines = resources.flatMap((resource) =>
    resource.verdict === 'keep' && resource.suggestion
      ? [`  ${printable(renderCommandLine([...resource.suggestion, ...connection]))}`]
      : [],
  );
  return lines.length > 0 ? [`To complete them:\n${lines.join('\n')}`] : [];
}
