import type { Explained } from '../explain.ts';

/** For people, on stderr. */
export function renderError(
  { code, message, hint }: Explained,
  { image, left = [] }: { readonly image?: string; readonly left?: readonly string[] } = {},
): string {
  const lines = [`${image ? `${image}: ` : ''}error ${code}: ${message}`, `  ${hint}`];
  if (left.length > 0)
    lines.push(
      `  Left in the account: ${left.join(', ')}. The same command goes on from it; \`ec2-image janitor\` removes it.`,
    );
  return lines.join('\n');
}
