/** Reads by their AWS names; whatever else there is counts as a change. */
export function isMutating(operation: string): boolean {
  return !/^(Get|Head|List|Describe)/.test(operation);
}
