export type { Limits } from './confine.ts';
export {
  type ConfinedProcess,
  type ConfinedProcessOptions,
  type ProcessEnd,
  startConfined,
} from './start-confined.ts';
