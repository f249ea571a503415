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

/** The document, with faults of a call that come to the same in one row. The order is that of the results. */
export function renderFaultTable(
  results: readonly FaultResult[],
  { introduction, commit }: { readonly introduction: string; readonly commit: string },
): string {
  const ways = [...new Set(results.map(({ way }) => way))];
  const counts = ways.map((way) => {
    const own = results.filter((result) => result.way === way);
    const recovered = own.filter(({ outcome }) => outcome === 'recovered').length;
    return `${own.length} by way of ${way}, of which ${recovered} recovered in the same run`;
  });
  const sections = ways.map((way) =>
    [sectionTitle(way), '', ...header, ...rowsOf(results.filter((result) => result.way === way))].join('\n'),
  );
  const run = `Points run at commit ${commit}: ${counts.join('; ')}. Every other one was finished by the next run of the same command.`;
  return `${[introduction.trim(), run, ...sections].join('\n\n')}\n`;
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

/** What {@link renderFaultTable} wrote. */
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
