/**
 * What a request says of itself: its condition keys, in lower case, with their values.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export type RequestContext = ReadonlyMap<string, readonly string[]>;

type Values = string | number | boolean | readonly string[] | undefined;

/** Keys without a value are left out, as AWS leaves them out. */
export function requestContext(...parts: readonly Readonly<Record<string, Values>>[]): RequestContext {
  const context = new Map<string, readonly string[]>();
  for (const part of parts) {
    for (const [key, value] of Object.entries(part)) {
      if (value === undefined) continue;
      context.set(key.toLowerCase(), Array.isArray(value) ? value : [String(value)]);
    }
  }
  return context;
}
