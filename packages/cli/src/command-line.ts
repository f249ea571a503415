/** As it can be pasted into a shell. */
export function renderCommandLine(argv: readonly string[]): string {
  return ['ec2-image', ...argv].map(quote).join(' ');
}

export function quote(argument: string): string {
  return /^[A-Za-z0-9@%+=:,./_-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
