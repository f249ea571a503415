export type { CodeEntry } from './codes/code-entry.ts';
export { type ErrorCode, errorCodeGroups, errorCodes, isErrorCode, isImageCode } from './error-codes.ts';
export { ExplainedError, type Explanation, type Facts, isExplained } from './explained-error.ts';
