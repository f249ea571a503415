import type { Way } from '../support/crash-points.ts';

export type FaultSection = Way | 'arriving' | 'boot test';

/** What came of one fault at one call: an entry of `docs/faults.md`. */
export interface FaultResult {
  readonly way: FaultSection;
  readonly call: string;
  readonly fault: string;
  readonly lasting: boolean;
  readonly outcome: string;
}

const header = ['| call | fault | once | lasting |', '|---|---|---|---|'];
const titles: Readonly<Record<FaultSection, string>> = {
  s3: '## By way of s3',
  ebs: '## By way of ebs',
  arriving: '## While the image arrives',
  'boot test': '## Boot test',
};
const sections = Object.keys(titles) as FaultSection[];

/** One section, with faults of a call that come to the same in one row. The order is that of the results. */
export function renderFaultSection(
  results: readonly FaultResult[],
  { way }: { readonly way: FaultSection },
): string {
  const recovered = results.filter(({ outcome }) => outcome === 'recovered').length;
  const counts = `${results.length} points: ${recovered} recovered in the same run, ${results.length - recovered} were finished by the next one.`;
  return [titles[way], '', counts, '', ...header, ...rowsOf(results)].join('\n');
}

/** The document with that section in the place of an earlier one of the same; `text` is the earlier document, if any. */
export function withFaultSection(
  text: string,
  { introduction, section }: { readonly introduction: string; readonly section: string },
): string {
  const [title] = section.split('\n');
  const others = text
    .split(/^(?=## )/m)
    .slice(1)
    .filter((other) => !other.startsWith(`${title}\n`))
    .map((other) => other.trim());
  const place = (text: string) => sections.findIndex((one) => text.startsWith(`${titles[one]}\n`));
  const inOrder = [...others, section].sort((one, other) => place(one) - place(other));
  return `${[introduction.trim(), ...inOrder].join('\n\n')}\n`;
}

function rowsOf(results: readonly FaultResult[]): string[] {
  const rows = new Map<string, { call: string; faults: string[]; once: string; lasting: string }>();
  for (const { call, fault, lasting, outcome } of results) {
    if (lasting) continue;
    const other = results.find((result) => result.lasting && result.call === call && result.fault === fault);
    const row = { call, faults: [], once: outcome, lasting: other?.outcome ?? '' };
    const key = JSON.stringify(row);
    const known = rows.get(key) ?? row;
    rows.set(key, { ...known, faults: [...known.faults, fault] });
  }
  return [...rows.values()].map(
    ({ call, faults, once, lasting }) => `| ${call} | ${faults.join(', ')} | ${once} | ${lasting} |`,
  );
}

/** What {@link renderFaultSection} wrote, of all sections. */
export function parseFaultTable(text: string): FaultResult[] {
  let way: FaultSection | undefined;
  return text.split('\n').flatMap((line) => {
    way = sections.find((one) => line === titles[one]) ?? way;
    const cells = /^\| (.+) \|$/.exec(line)?.[1]?.split(' | ');
    if (way === undefined || cells?.length !== 4 || header.includes(line)) return [];
    const [call, faults, once, lasting] = cells as [string, string, string, string];
    const section = way;
    return faults.split(', ').flatMap((fault) => [
      { way: section, call, fault, lasting: false, outcome: once },
      { way: section, call, fault, lasting: true, outcome: lasting },
    ]);
  });
}
