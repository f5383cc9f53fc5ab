// Locks of the operating system through SQLite's files: who looks at one learns why it cannot be had. It knows no file.

/** https://sqlite.org/rescode.html: SQLITE_BUSY; the higher bits say more of the same. */
const BUSY = 5;
const PRIMARY = 0xff;

/** True of an error by which SQLite says that another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === 'number' && (errcode & PRIMARY) === BUSY;
}
