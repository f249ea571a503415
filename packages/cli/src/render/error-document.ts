import { type ErrorCode, errorCodeGroups, errorCodes } from '@ec2-image/explained-error';

/** `docs/errors.md`: every code, by what it is about. */
export function renderErrorDocument(): string {
  const groups = Object.entries(errorCodeGroups).map(([title, codes]) =>
    [
      `## ${title}`,
      ...Object.keys(codes)
        .toSorted()
        .map((code) => renderEntry(code as ErrorCode)),
    ].join('\n\n'),
  );
  return `# Error codes

Every error has a code that stays the same from release to release, a message with the facts, and a hint. Scripts match
on the code: \`error.code\` in the \`--json\` document. \`ec2-image explain CODE\` prints an entry of this page.

${groups.join('\n\n')}
`;
}

/** What `ec2-image explain CODE` prints. */
export function renderErrorCode(code: ErrorCode): string {
  const { means, remedy } = errorCodes[code];
  return `${code}\n\n${means}\n\nWhat to do: ${remedy}\n\nMore: ${errorPage(code)}\n`;
}

/** Where the code is documented: a path of the repository. */
export function errorPage(code: string): string {
  return `docs/errors.md#${code.toLowerCase()}`;
}

function renderEntry(code: ErrorCode): string {
  const { means, remedy } = errorCodes[code];
  return `### ${code}\n\n${means}\n\n${remedy}`;
}
