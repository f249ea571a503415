import type { ConfigFile } from '../config/read-config.ts';

/** Where the configuration publishes to, beside the regions of its imports; one that it leaves out may still have older AMIs. */
export function publishedRegions(config: ConfigFile['config'] | undefined): readonly string[] | 'all' {
  const images = Object.values(config?.images ?? {});
  const regions = images.flatMap((image) => image.regions ?? config?.regions ?? []);
  return regions.includes('all') ? 'all' : [...new Set(regions)];
}
