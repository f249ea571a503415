export { type FileLock, isLocked, tryLock, waitForLock } from './file-lock.ts';
export { FileLockError } from './file-lock-error.ts';
export { makeDirectory } from './make-directory.ts';
