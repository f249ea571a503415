/** https://www.sqlite.org/rescode.html#full */
const sqliteFull = 13;

/** Whether there was no room for a file, as the system or SQLite says it. */
export function isDiskFull(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  return code === 'ENOSPC' || code === 'EDQUOT' || errcode === sqliteFull;
}
