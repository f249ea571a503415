/** The exit codes other programs build on. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  leftovers: 3,
  incomplete: 4,
  capped: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const precedence: readonly ExitCode[] = [130, 5, 4, 1, 3, 2, 0];

/** The code of a run in which several hold. */
export function worstExitCode(codes: readonly ExitCode[]): ExitCode {
  return precedence.find((code) => codes.includes(code)) ?? exitCodes.done;
}
