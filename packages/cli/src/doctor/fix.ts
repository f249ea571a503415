/** What would put a finding right. Nothing of it is done here. */
export interface Fix {
  /** A sentence without a full stop. */
  readonly what: string;
  /** Each the words of an aws command, `aws` itself left out. */
  readonly commands: readonly (readonly string[])[];
  /** Of a CloudFormation template that does the same, by logical id; none where CloudFormation cannot. */
  readonly resources?: Readonly<Record<string, object>>;
}

/** A script for a shell, one command a line. */
export function renderCommands(fixes: readonly Fix[]): string {
  return distinct(fixes)
    .map(({ what, commands }) =>
      [`# ${what}`, ...commands.map((words) => ['aws', ...words].map(quoted).join(' '))].join('\n'),
    )
    .join('\n\n');
}

/** The same, for the region and with the profile that were checked: the aws command has defaults of its own. */
export function fixIn(
  { commands, ...fix }: Fix,
  { region, profile }: { readonly region: string; readonly profile?: string | undefined },
): Fix {
  const where = ['--region', region, ...(profile === undefined ? [] : ['--profile', profile])];
  return {
    ...fix,
    commands: commands.map(([service = '', operation = '', ...words]) => [
      service,
      operation,
      ...where,
      ...words,
    ]),
  };
}

/** What CloudFormation can make; the rest is named, for the commands. */
export function createTemplate(fixes: readonly Fix[]): object {
  const all = distinct(fixes);
  const others = all.filter(({ resources }) => resources === undefined).map(({ what }) => what);
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: 'What ec2-image doctor found missing',
    ...(others.length > 0 && { Metadata: { NotInThisTemplate: others } }),
    Resources: Object.assign({}, ...all.map(({ resources }) => resources ?? {})) as object,
  };
}

/** Several images may lack the same. */
function distinct(fixes: readonly Fix[]): Fix[] {
  return [...new Map(fixes.map((fix) => [JSON.stringify(fix), fix])).values()];
}

/** For a POSIX shell. */
function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A logical id: letters and digits alone. */
export function logicalId(...words: readonly string[]): string {
  return words
    .flatMap((word) => word.split(/[^A-Za-z0-9]+/))
    .filter((word) => word !== '')
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join('');
}
