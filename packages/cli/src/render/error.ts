import type { Explained } from '../explain.ts';

/** For people, on stderr. */
export function renderError(
  { code, message, hint }: Explained,
  { image }: { readonly image?: string } = {},
): string {
  return `${image ? `${image}: ` : ''}error ${code}: ${message}\n  ${hint}`;
}
