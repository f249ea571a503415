import type { Store } from '../store/store.ts';
import type { NewParameter, ParameterStore, Place } from './parameter-store.ts';

/** The data type whose values SSM validates after it has answered. */
export const imageDataType = 'aws:ec2:image';

/**
 * Parameters that name an AMI. https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-ec2-aliases.html:
 * PutParameter answers before the value is validated; where that fails "the parameter will not be created or updated",
 * which only EventBridge tells. How long it takes is documented nowhere: here it is counted in reads.
 */
export interface ImageValidation {
  /** @returns the version that the parameter has once it is validated; the next put has the same if this one fails */
  put(place: Place, parameter: NewParameter, reads: number): number;
  /** Somebody read the parameter, or all of the region: what was validated by now shows from the next read on. */
  noteRead(place: Place, name?: string): void;
  /** What waits under this name is decided at once: another call that changes the parameter comes in. */
  decideNow(place: Place, name: string): void;
}

const tables: readonly string[] = [
  `CREATE TABLE ssm_unvalidated (
     account_id TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, value TEXT NOT NULL,
     description TEXT, reads INTEGER NOT NULL,
     PRIMARY KEY (account_id, region, name)
   ) WITHOUT ROWID`,
];

export function createImageValidation({
  store,
  parameterStore,
  isAvailable,
}: {
  readonly store: Store;
  readonly parameterStore: ParameterStore;
  /** Whether the account may use such an AMI in the region, now. */
  readonly isAvailable: (place: Place, imageId: string) => boolean;
}): ImageValidation {
  store.migrate('ssm-images', tables);
  const inPlace = 'account_id = ? AND region = ?';
  const select = `SELECT name, type, value, description FROM ssm_unvalidated WHERE ${inPlace}`;

  function decide(place: Place, rows: readonly Omit<NewParameter, 'dataType'>[]): void {
    const { accountId, region } = place;
    for (const row of rows) {
      store.run(`DELETE FROM ssm_unvalidated WHERE ${inPlace} AND name = ?`, [accountId, region, row.name]);
      if (isAvailable(place, row.value)) parameterStore.put(place, { ...row, dataType: imageDataType });
    }
  }

  const validation: ImageValidation = {
    put(place, { name, type, value, description }, reads) {
      const { accountId, region } = place;
      return store.transaction(() => {
        validation.decideNow(place, name);
        const version = (parameterStore.find(place, name)?.version ?? 0) + 1;
        store.run(
          `INSERT INTO ssm_unvalidated (account_id, region, name, type, value, description, reads)
           VALUES (?, ?, ?, ?, ?, ?, ?)`,
          [accountId, region, name, type, value, description, reads],
        );
        if (reads === 0) validation.decideNow(place, name);
        return version;
      });
    },
    noteRead(place, name) {
      const { accountId, region } = place;
      const which = name === undefined ? inPlace : `${inPlace} AND name = ?`;
      const key = name === undefined ? [accountId, region] : [accountId, region, name];
      store.transaction(() => {
        if (store.run(`UPDATE ssm_unvalidated SET reads = reads - 1 WHERE ${which}`, key) === 0) return;
        decide(place, store.all(`${select} AND reads <= 0`, [accountId, region]));
      });
    },
    decideNow(place, name) {
      const { accountId, region } = place;
      store.transaction(() => {
        decide(place, store.all(`${select} AND name = ?`, [accountId, region, name]));
      });
    },
  };
  return validation;
}
