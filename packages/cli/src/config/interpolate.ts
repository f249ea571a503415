/** `$$`, `${NAME}` and `${NAME:-default}`. */
const reference = /\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})/g;

type Environment = Readonly<Record<string, string | undefined>>;

/** `${NAME}` and `${NAME:-default}`; `$$` is a dollar sign. */
export function interpolate(
  text: string,
  { env, onUnset }: { readonly env: Environment; onUnset(name: string): never },
): string {
  return text.replace(reference, (match, name?: string, fallback?: string) => {
    if (match === '$$') return '$';
    const value = env[name!];
    return value || (fallback ?? value ?? onUnset(name!));
  });
}

/** The variables that a text refers to. */
export function referencesIn(text: string): string[] {
  return [...text.matchAll(reference)].flatMap(([, name]) => name ?? []);
}

/** Whether the environment is needed to say what it is. */
export function hasReference(text: string): boolean {
  return referencesIn(text).length > 0;
}

/** Text that {@link interpolate} leaves as it is given here. */
export function escapeReferences(text: string): string {
  return text.replaceAll('$', '$$$$');
}
