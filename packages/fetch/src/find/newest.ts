/** A name of a listing that a pattern matched, and what its parts stand for in it. */
export interface Candidate {
  readonly name: string;
  readonly captures: readonly string[];
}

export type Choice =
  | { readonly newest: string }
  /** Nothing says which is newer, or they are versions of different things. */
  | { readonly ambiguous: readonly string[] }
  | undefined;

/** A pre-release, as publishers mark it: `43_Beta`, `RC1`, `beta2`. */
const preRelease = /(?<![a-z])(?:alpha|beta|rc|cr|pre|prerelease|preview|milestone)(?![a-z])/i;

export function isPreRelease(name: string): boolean {
  return preRelease.test(name);
}

/** Digits outside of versions. */
const wordsWithDigits = /x86[_-]64|amd64|aarch64|arm64|x64|qcow2|bz2|ext4/gi;

/**
 * The newest of several versions of one thing, by what the pattern stands for in their names: numbers count as numbers,
 * so 1.10 comes after 1.9. A name without a number, such as `latest`, counts only where there is no other; a pre-release
 * only where `preReleases` says so.
 */
export function chooseNewest(
  candidates: readonly Candidate[],
  { preReleases = false }: { readonly preReleases?: boolean } = {},
): Choice {
  const final = candidates
    .filter(({ captures }) => preReleases || !captures.some(isPreRelease))
    .map(({ name, captures }) => ({ name, version: captures.join(' ').replace(wordsWithDigits, '') }));
  const numbered = final.filter(({ version }) => /\d/.test(version));
  const kinds = new Map(
    (numbered.length > 0 ? numbered : final).map((one) => [kindOf(one.version), one.name]),
  );
  if (kinds.size > 1) return { ambiguous: [...kinds.values()] };
  const [first, ...others] = numbered.length > 0 ? numbered : final;
  if (!first) return undefined;
  let newest = [first];
  for (const one of others) {
    const order = compareVersions(one.version, newest[0]!.version);
    if (order > 0) newest = [one];
    else if (order === 0) newest.push(one);
  }
  return newest.length > 1 ? { ambiguous: newest.map(({ name }) => name) } : { newest: newest[0]!.name };
}

/** What stays of it when the numbers are taken away: two versions of one thing have it in common. */
function kindOf(version: string): string {
  return version.replace(/\d+(?:[._+-]\d+)*(?:[a-z](?![a-z]))?/gi, '#').toLowerCase();
}

/** Below zero where the first is older. Numbers are compared as such, whatever their length, and more of them is newer. */
export function compareVersions(one: string, other: string): number {
  const [parts, others] = [partsOf(one), partsOf(other)];
  for (let index = 0; index < Math.max(parts.length, others.length); index++) {
    const order = comparePart(parts[index], others[index]);
    if (order !== 0) return order;
  }
  return 0;
}

function partsOf(version: string): readonly string[] {
  return version.toLowerCase().match(/\d+|[a-z]+/g) ?? [];
}

function comparePart(one: string | undefined, other: string | undefined): number {
  if (one === undefined || other === undefined)
    return Number(one !== undefined) - Number(other !== undefined);
  const [isNumber, isOtherNumber] = [/\d/.test(one), /\d/.test(other)];
  if (isNumber !== isOtherNumber) return isNumber ? 1 : -1;
  if (!isNumber) return Number(one > other) - Number(one < other);
  const [digits, otherDigits] = [one.replace(/^0+/, ''), other.replace(/^0+/, '')];
  return digits.length - otherDigits.length || Number(digits > otherDigits) - Number(digits < otherDigits);
}
