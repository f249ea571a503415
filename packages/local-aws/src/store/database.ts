import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

export type Parameters = Readonly<Record<string, SQLInputValue>> | readonly SQLInputValue[];

/**
 * The metadata of everything the emulator holds. Several processes may have it open at once; each statement,
 * and each `transaction`, is seen by the others whole or not at all, and survives the death of its process.
 */
export interface Database {
  get<Row>(sql: string, parameters?: Parameters): Row | undefined;
  all<Row>(sql: string, parameters?: Parameters): Row[];
  /** How many rows changed. */
  run(sql: string, parameters?: Parameters): number;
  /** Takes the write lock at once; undone if `work` throws. Within another transaction it is part of that one. */
  transaction<Result>(work: () => Result): Result;
  /**
   * Brings a service's tables up to date: runs those of its steps that this directory has not seen, once each,
   * in order. A step that has been released is never edited; a change is a further step.
   */
  migrate(owner: string, steps: readonly string[]): void;
  close(): void;
}

// A writer holds the lock for milliseconds; who waits this long has met a stopped process.
const busyTimeoutMs = 30_000;

export function openDatabase({ path, fsync }: { path: string; fsync: boolean }): Database {
  const connection = new DatabaseSync(path);
  connection.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  // First, since the switch to WAL waits for the disk, too. Without waiting, what is written survives its process.
  connection.exec(`PRAGMA synchronous = ${fsync ? 'FULL' : 'OFF'}`);
  useWriteAheadLog(connection);
  const statements = new Map<string, StatementSync>();
  let inTransaction = false;

  function statement(sql: string): StatementSync {
    let prepared = statements.get(sql);
    if (!prepared) {
      prepared = connection.prepare(sql);
      statements.set(sql, prepared);
    }
    return prepared;
  }

  const database: Database = {
    get<Row>(sql: string, parameters: Parameters = []) {
      return statement(sql).get(...spread(parameters)) as Row | undefined;
    },
    all<Row>(sql: string, parameters: Parameters = []) {
      return statement(sql).all(...spread(parameters)) as Row[];
    },
    run(sql, parameters = []) {
      return Number(statement(sql).run(...spread(parameters)).changes);
    },
    transaction(work) {
      if (inTransaction) return work();
      connection.exec('BEGIN IMMEDIATE');
      inTransaction = true;
      try {
        const result = work();
        connection.exec('COMMIT');
        return result;
      } catch (error) {
        if (connection.isTransaction) connection.exec('ROLLBACK');
        throw error;
      } finally {
        inTransaction = false;
      }
    },
    migrate(owner, steps) {
      database.transaction(() => {
        connection.exec(
          'CREATE TABLE IF NOT EXISTS migration (owner TEXT PRIMARY KEY, steps INTEGER NOT NULL)',
        );
        const done =
          database.get<{ steps: number }>('SELECT steps FROM migration WHERE owner = ?', [owner])?.steps ?? 0;
        for (const step of steps.slice(done)) connection.exec(step);
        if (steps.length > done) {
          database.run('INSERT OR REPLACE INTO migration (owner, steps) VALUES (?, ?)', [
            owner,
            steps.length,
          ]);
        }
      });
    },
    close() {
      statements.clear();
      connection.close();
    },
  };
  return database;
}

function spread(parameters: Parameters): SQLInputValue[] {
  // The typings know the named form only as a separate overload; at run time it is simply the first argument.
  return Array.isArray(parameters) ? [...parameters] : [parameters as unknown as SQLInputValue];
}

/** The switch to WAL needs the file to itself for a moment and does not wait for it as statements do. */
function useWriteAheadLog(connection: DatabaseSync): void {
  const deadline = Date.now() + busyTimeoutMs;
  for (;;) {
    try {
      connection.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (!(error instanceof Error && /locked|busy/i.test(error.message)) || Date.now() > deadline)
        throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}
