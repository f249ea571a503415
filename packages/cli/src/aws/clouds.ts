import type { ConnectionOptions } from './clients.ts';
import { type Cloud, openCloud } from './cloud.ts';

/** The regions of one run, each reached once. */
export interface Clouds {
  /** Undefined is the region of the connection. */
  open(region?: string): Promise<Cloud>;
}

export function createClouds({
  connection,
  onNotice,
  signal,
}: {
  readonly connection: ConnectionOptions;
  readonly onNotice?: (message: string) => void;
  readonly signal?: AbortSignal;
}): Clouds {
  const opened = new Map<string | undefined, Promise<Cloud>>();
  return {
    open(region = connection.region) {
      const known = opened.get(region);
      if (known) return known;
      const cloud = openCloud({ ...connection, region, onNotice, signal });
      opened.set(region, cloud);
      return cloud;
    },
  };
}
