import { grainsPerTable } from './vmdk-records.ts';

/** A number of 32 bits for each grain of a disk; 0 where none was set. Takes memory only for stretches in which one was. */
export interface GrainNumbers {
  get(grain: number): number;
  set(grain: number, value: number): void;
  /** The grains whose number is not 0, in order. */
  grains(): Generator<number>;
}

export function createGrainNumbers(): GrainNumbers {
  const tables: (Uint32Array | undefined)[] = [];
  return {
    get: (grain) => tables[Math.floor(grain / grainsPerTable)]?.[grain % grainsPerTable] ?? 0,
    set(grain, value) {
      const index = Math.floor(grain / grainsPerTable);
      tables[index] ??= new Uint32Array(grainsPerTable);
      tables[index][grain % grainsPerTable] = value;
    },
    *grains() {
      for (const [index, table] of tables.entries())
        for (let i = 0; table && i < grainsPerTable; i++)
          if (table[i] !== 0) yield index * grainsPerTable + i;
    },
  };
}
