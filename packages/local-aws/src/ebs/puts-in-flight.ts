/** Which blocks are being written: no two calls write one at once, and completion waits for all of a snapshot. */
export interface PutsInFlight {
  /** Undefined while another call writes this block. */
  begin(snapshotId: string, index: number): (() => void) | undefined;
  /** Resolves when nothing is being written to the snapshot. */
  idle(snapshotId: string): Promise<void>;
}

export function createPutsInFlight(): PutsInFlight {
  const bySnapshot = new Map<
    string,
    { readonly blocks: Set<number>; readonly done: PromiseWithResolvers<void> }
  >();
  return {
    begin(snapshotId, index) {
      let puts = bySnapshot.get(snapshotId);
      if (!puts) {
        puts = { blocks: new Set(), done: Promise.withResolvers() };
        bySnapshot.set(snapshotId, puts);
      }
      if (puts.blocks.has(index)) return undefined;
      const { blocks, done } = puts;
      blocks.add(index);
      return () => {
        blocks.delete(index);
        if (blocks.size > 0) return;
        bySnapshot.delete(snapshotId);
        done.resolve();
      };
    },
    async idle(snapshotId) {
      await bySnapshot.get(snapshotId)?.done.promise;
    },
  };
}
