/**
 * Writes that reads do not show yet, counted in reads. A place is a kind of resource in an account and region.
 *
 * https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html: what a command changes "might not be
 * immediately visible to all subsequent commands", and an id that was just made may not exist for them. AWS speaks of
 * up to minutes; whoever polls reads a few times meanwhile.
 */
export interface ReadLag {
  /** For so many reads the state before shows: undefined where there was none. One that shows already stands. */
  note(place: string, id: string, write: { readonly before: unknown; readonly reads: number }): void;
  /** The states that show instead of the true ones. */
  states(place: string): ReadonlyMap<string, unknown>;
  /** One read less. */
  spend(place: string, id: string): void;
}

/**
 * Of reads that lag; often none does. AWS names no number. Three answers that agree are what a careful caller asks for
 * before it believes that something is absent, and so many never lie.
 */
export const mostReads = 2;

/** Where the clock is moved, as nobody's reads are: minutes are the most that AWS speaks of. */
const longestMs = 3_600_000;

interface Unseen {
  readonly before: unknown;
  reads: number;
  /** Milliseconds since 1970. */
  readonly notedAt: number;
}

export function createReadLag({ now }: { readonly now: () => number }): ReadLag {
  const places = new Map<string, Map<string, Unseen>>();
  const isUnseen = ({ notedAt }: Unseen) => now() - notedAt < longestMs;
  return {
    note(place, id, { before, reads }) {
      if (reads === 0) return;
      const writes = places.get(place) ?? new Map<string, Unseen>();
      places.set(place, writes);
      const shown = writes.get(id);
      if (shown && isUnseen(shown)) shown.reads = Math.max(shown.reads, reads);
      else writes.set(id, { before, reads, notedAt: now() });
    },
    states(place) {
      const writes = [...(places.get(place) ?? [])].filter(([, write]) => isUnseen(write));
      return new Map(writes.map(([id, { before }]) => [id, before]));
    },
    spend(place, id) {
      const writes = places.get(place);
      const write = writes?.get(id);
      if (!write) return;
      write.reads -= 1;
      if (write.reads === 0) writes?.delete(id);
    },
  };
}
