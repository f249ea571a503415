/** What came of one fault at one call: an entry of `docs/faults.md`. */
export interface FaultResult {
  readonly way: string;
  readonly call: string;
  readonly fault: string;
  readonly lasting: boolean;
  readonly outcome: string;
}

const header = ['| call | fault | once | lasting |', '|---|---|---|---|'];
const sectionTitle = (way: string) => `## By way of ${way}`;

/** The section of one way, with faults of a call that come to the same in one row. The order is that of the results. */
export function renderFaultSection(
  results: readonly FaultResult[],
  { way }: { readonly way: string },
): string {
  const recovered = results.filter(({ outcome }) => outcome === 'recovered').length;
  const counts = `${results.length} points: ${recovered} recovered in the same run, ${results.length - recovered} were finished by the next one.`;
  return [sectionTitle(way), '', counts, '', ...header, ...rowsOf(results)].join('\n');
}

/** The document with that section in the place of an earlier one of the same way; `text` is the earlier document, if any. */
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
  const sections = [...others, section].sort((one, other) => (one < other ? 1 : -1));
  return `${[introduction.trim(), ...sections].join('\n\n')}\n`;
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

/** What {@link renderFaultSection} wrote, of all ways. */
export function parseFaultTable(text: string): FaultResult[] {
  let way: string | undefined;
  return text.split('\n').flatMap((line) => {
    way = /^## By way of (.+)$/.exec(line)?.[1] ?? way;
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
