export { type FileLock, isLocked, tryLock, waitForLock } from './file-lock.ts';
