import pLimit, { type LimitFunction } from 'p-limit';

/**
 * Maps resources in their order, so many of each region at a time: EC2 counts the requests of an account by region, so
 * that one region's turn costs the others nothing. The first failure is thrown.
 */
export async function mapByRegion<T extends { readonly region: string }, R>(
  resources: readonly T[],
  atATime: number,
  work: (resource: T) => Promise<R>,
): Promise<R[]> {
  const limits = new Map<string, LimitFunction>();
  return Promise.all(
    resources.map((resource) => {
      const limit = limits.get(resource.region) ?? pLimit(atATime);
      limits.set(resource.region, limit);
      return limit(work, resource);
    }),
  );
}
