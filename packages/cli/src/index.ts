export { type ExitCode, exitCodes } from './errors/exit-code.ts';
export { main } from './main.ts';
