export { ExplainedError, type Explanation, type Facts, isExplained } from './explained-error.ts';
