import { renderCommandLine } from '../command-line.ts';
import type { Explained } from '../errors/explain.ts';
import { errorPage } from './error-document.ts';

/** For people, on stderr. */
export function renderError(
  { code, message, hint }: Explained,
  {
    image,
    leftovers = [],
    cleanup,
  }: {
    readonly image?: string;
    readonly leftovers?: readonly string[];
    /** Arguments of the ec2-image command that deletes the leftovers now. */
    readonly cleanup?: readonly string[];
  } = {},
): string {
  const lines = [`${image ? `${image}: ` : ''}error ${code}: ${message}`, `  ${hint}`];
  if (leftovers.length > 0) {
    lines.push(
      `  Still in the account: ${leftovers.join(', ')}. The same command resumes from there.`,
      ...(cleanup
        ? [
            `  To delete it instead: ${renderCommandLine(cleanup)}`,
            '  (without --older-than the janitor keeps what is newer than 24 hours)',
          ]
        : []),
    );
  }
  lines.push(`  More: ec2-image explain ${code} (${errorPage(code)})`);
  return lines.join('\n');
}
