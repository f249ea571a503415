import type { ConfigFile } from '../config/read-config.ts';
import type { CommonSettings } from '../settings.ts';
import { type AccountScope, openScope, type ScopeFlags } from './scope.ts';

/** The same account, where no region is given in those that the configuration publishes to, too. */
export function openPublishedScope(
  flags: ScopeFlags,
  settings: CommonSettings,
  onNotice?: (message: string) => void,
): Promise<AccountScope> {
  const published = publishedRegions(settings.file?.config);
  if (flags.allRegions || flags.regions || published !== 'all') {
    return openScope({ ...flags, moreRegions: published === 'all' ? [] : published }, settings, onNotice);
  }
  return openScope({ ...flags, allRegions: true }, settings, onNotice);
}

/** Beside the regions of its imports; one that it leaves out may still have older AMIs. */
function publishedRegions(config: ConfigFile['config'] | undefined): readonly string[] | 'all' {
  const images = Object.values(config?.images ?? {});
  const regions = images.flatMap((image) => image.regions ?? config?.regions ?? []);
  return regions.includes('all') ? 'all' : [...new Set(regions)];
}
