import type { Store } from '../../store/store.ts';

/** The tasks that have not ended: what a process that starts serving the directory has to continue. */
export const taskQueueTables: readonly string[] = [
  `CREATE TABLE ec2_import_queue (
     task_id TEXT PRIMARY KEY, account_id TEXT NOT NULL, region TEXT NOT NULL, queued_at INTEGER NOT NULL
   ) WITHOUT ROWID`,
];

export interface QueuedTask {
  readonly taskId: string;
  readonly accountId: string;
  readonly region: string;
}

export function enqueue(store: Store, { taskId, accountId, region }: QueuedTask, now: number): void {
  store.run('INSERT INTO ec2_import_queue (task_id, account_id, region, queued_at) VALUES (?, ?, ?, ?)', [
    taskId,
    accountId,
    region,
    now,
  ]);
}

/** Oldest first. */
export function queuedTasks(store: Store): QueuedTask[] {
  return store.all<QueuedTask>(
    'SELECT task_id AS taskId, account_id AS accountId, region FROM ec2_import_queue ORDER BY queued_at, task_id',
  );
}

export function dequeue(store: Store, taskId: string): void {
  store.run('DELETE FROM ec2_import_queue WHERE task_id = ?', [taskId]);
}
