export type { Limits } from './confine.ts';
export { findProgram } from './find-program.ts';
export {
  type ConfinedProcess,
  type ConfinedProcessOptions,
  type ProcessEnd,
  startConfined,
} from './start-confined.ts';
