import { ProvenanceError } from './errors.ts';

/** EC2's rule for AMI names (RegisterImage, `Name`): 3 to 128 of these characters. */
const amiNamePattern = /^[A-Za-z0-9()[\] ./\-'@_]{3,128}$/;

export function isAmiName(text: string): boolean {
  return amiNamePattern.test(text);
}

/** What a template of AMI names may hold, each in braces. */
export const amiNamePlaceholders = ['name', 'suffix', 'arch', 'date', 'digest'] as const;

export type AmiNamePlaceholder = (typeof amiNamePlaceholders)[number];

export const defaultAmiNameTemplate = '{name}-i{suffix}';

/** The words in braces of a template, known or not. */
export function placeholdersOf(template: string): string[] {
  return [...template.matchAll(/\{([^{}]*)\}/g)].map(([, word]) => word!);
}

/** What stands for the placeholders; those that the template does not have may be left out. */
export type AmiNameParts = Readonly<Partial<Record<AmiNamePlaceholder, string>>> & {
  readonly name: string;
  readonly suffix: string;
};

/**
 * The AMI's name, `<name>-i<suffix>` unless a template says otherwise.
 *
 * @throws ProvenanceError `BAD_AMI_NAME`
 */
export function amiNameOf(parts: AmiNameParts, template: string = defaultAmiNameTemplate): string {
  const known: Readonly<Record<string, string | undefined>> = parts;
  const amiName = template.replace(/\{([^{}]*)\}/g, (text, word) =>
    Object.hasOwn(known, word) ? (known[word] ?? text) : text,
  );
  if (!isAmiName(amiName)) {
    throw new ProvenanceError('BAD_AMI_NAME', `not a valid AMI name: ${JSON.stringify(amiName)}`, {
      hint:
        template === defaultAmiNameTemplate
          ? "Use 3 to 128 of the characters A-Z a-z 0-9 ( ) [ ] space . / - ' @ _ in name and suffix together."
          : "Use 3 to 128 of the characters A-Z a-z 0-9 ( ) [ ] space . / - ' @ _ for name, suffix and the rest of ami-name together.",
      facts: { amiName },
    });
  }
  return amiName;
}

/**
 * What the name is on any date, where its template has `{date}`; the date is the first group. Undefined where it has none.
 */
export function datedAmiName(parts: AmiNameParts, template: string | undefined): RegExp | undefined {
  if (template === undefined || !placeholdersOf(template).includes('date')) return undefined;
  const known: Readonly<Record<string, string | undefined>> = parts;
  let dates = 0;
  const pattern = template
    .split(/\{([^{}]*)\}/)
    .map((piece, index) => {
      const isWord = index % 2 === 1;
      if (!isWord) return escapePattern(piece);
      if (piece !== 'date') return escapePattern(known[piece] ?? `{${piece}}`);
      dates += 1;
      return dates === 1 ? '(\\d{8})' : '\\1';
    })
    .join('');
  return new RegExp(`^${pattern}$`);
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** As `{date}` gives it: `20261122`, in UTC. */
export function amiNameDate(time: Date): string {
  return time.toISOString().slice(0, 10).replaceAll('-', '');
}

/**
 * The parts of `<name>-i<suffix>`. A suffix may hold anything, so the last `-i` counts; undefined where there is none.
 *
 * The only place that takes an AMI's name apart: `tag-fix` learns by it what an import by hand has named. An AMI that
 * ec2-image made says what it is in its tags.
 */
export function parseAmiName(
  amiName: string,
): { readonly name: string; readonly suffix: string } | undefined {
  const at = amiName.lastIndexOf('-i');
  if (at < 1 || at + 2 === amiName.length) return undefined;
  return { name: amiName.slice(0, at), suffix: amiName.slice(at + 2) };
}
