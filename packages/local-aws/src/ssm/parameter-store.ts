import { partitionOf } from '../iam/authorization/requirement.ts';
import type { Store } from '../store/store.ts';

export interface Place {
  readonly accountId: string;
  readonly region: string;
}

export type ParameterType = 'String' | 'StringList' | 'SecureString';

export interface Parameter {
  readonly name: string;
  readonly type: ParameterType;
  readonly value: string;
  readonly description: string | null;
  readonly dataType: string;
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
}

/** As it is put: the store adds the rest. */
export type NewParameter = Omit<Parameter, 'version' | 'modifiedAt'>;

export interface ParameterStore {
  /** By name or ARN. */
  find(place: Place, name: string): NamedParameter | undefined;
  /** The version it has now. */
  put(place: Place, parameter: NewParameter): number;
  /** False if there is none of this name. */
  remove(place: Place, name: string): boolean;
  /** In the order of names, those after a name. */
  list(place: Place, options: { readonly after: string; readonly limit: number }): NamedParameter[];
  all(place: Place): NamedParameter[];
  /** Every version that is kept, the present one included: from this version on, oldest first. */
  history(
    place: Place,
    name: string,
    options: { readonly from: number; readonly limit: number },
  ): NamedParameter[];
}

export interface NamedParameter extends Parameter {
  readonly arn: string;
}

const tables: readonly string[] = [
  `CREATE TABLE ssm_parameter (
     account_id TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, value TEXT NOT NULL,
     description TEXT, data_type TEXT NOT NULL, version INTEGER NOT NULL, modified_at INTEGER NOT NULL,
     PRIMARY KEY (account_id, region, name)
   ) WITHOUT ROWID`,
  `CREATE TABLE ssm_parameter_version (
     account_id TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, type TEXT NOT NULL,
     value TEXT NOT NULL, description TEXT, data_type TEXT NOT NULL, modified_at INTEGER NOT NULL,
     PRIMARY KEY (account_id, region, name, version)
   ) WITHOUT ROWID`,
  `INSERT INTO ssm_parameter_version (account_id, region, name, version, type, value, description, data_type, modified_at)
   SELECT account_id, region, name, version, type, value, description, data_type, modified_at FROM ssm_parameter`,
];

/** https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html: the oldest goes. */
const keptVersions = 100;

export function openParameterStore({ store, now }: { store: Store; now: () => number }): ParameterStore {
  store.migrate('ssm', tables);
  const ofName = 'account_id = ? AND region = ? AND name = ?';
  const selectFrom = (table: string) =>
    `SELECT name, type, value, description, data_type AS dataType, version, modified_at AS modifiedAt
       FROM ${table} WHERE account_id = ? AND region = ?`;
  const select = selectFrom('ssm_parameter');

  const named =
    ({ accountId, region }: Place) =>
    (parameter: Parameter): NamedParameter => ({
      ...parameter,
      arn: `arn:${partitionOf(region)}:ssm:${region}:${accountId}:parameter${parameter.name.startsWith('/') ? '' : '/'}${parameter.name}`,
    });

  const parameters: ParameterStore = {
    find(place, name) {
      const names = nameVariants(name);
      const found = store.get<Parameter>(`${select} AND name IN (?, ?)`, [
        place.accountId,
        place.region,
        ...names,
      ]);
      return found && named(place)(found);
    },
    put({ accountId, region }, { name, type, value, description, dataType }) {
      return store.transaction(() => {
        const { version } = store.get<{ version: number }>(
          `INSERT INTO ssm_parameter
             (account_id, region, name, type, value, description, data_type, version, modified_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)
           ON CONFLICT DO UPDATE SET type = excluded.type, value = excluded.value, description = excluded.description,
             data_type = excluded.data_type, version = version + 1, modified_at = excluded.modified_at
           RETURNING version`,
          [accountId, region, name, type, value, description, dataType, now()],
        )!;
        store.run(
          `INSERT INTO ssm_parameter_version
             (account_id, region, name, version, type, value, description, data_type, modified_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          [accountId, region, name, version, type, value, description, dataType, now()],
        );
        store.run(`DELETE FROM ssm_parameter_version WHERE ${ofName} AND version <= ?`, [
          accountId,
          region,
          name,
          version - keptVersions,
        ]);
        return version;
      });
    },
    remove({ accountId, region }, name) {
      const key = [accountId, region, name];
      return store.transaction(() => {
        store.run(`DELETE FROM ssm_parameter_version WHERE ${ofName}`, key);
        return store.run(`DELETE FROM ssm_parameter WHERE ${ofName}`, key) === 1;
      });
    },
    list(place, { after, limit }) {
      return store
        .all<Parameter>(`${select} AND name > ? ORDER BY name LIMIT ?`, [
          place.accountId,
          place.region,
          after,
          limit,
        ])
        .map(named(place));
    },
    all(place) {
      return store.all<Parameter>(select, [place.accountId, place.region]).map(named(place));
    },
    history(place, name, { from, limit }) {
      return store
        .all<Parameter>(
          `${selectFrom('ssm_parameter_version')} AND name IN (?, ?) AND version >= ? ORDER BY version LIMIT ?`,
          [place.accountId, place.region, ...nameVariants(name), from, limit],
        )
        .map(named(place));
    },
  };
  return parameters;
}

/** An ARN does not tell whether the name begins with a slash. */
function nameVariants(name: string): [string, string] {
  const path = /^arn:[^:]*:ssm:[^:]*:\d{12}:parameter(\/.*)$/.exec(name)?.[1];
  return path === undefined ? [name, name] : [path, path.slice(1)];
}
