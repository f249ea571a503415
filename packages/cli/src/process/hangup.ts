/**
 * Whether the command was started with SIGHUP ignored, as by `nohup`. Node.js takes that back when it starts, before
 * any of our code could see it. So it is told by `scripts/ec2-image`, which runs in a shell, or by `_`, where a shell
 * leaves the name of the program that it starts.
 */
export function ignoresHangup(env: Readonly<Record<string, string | undefined>>): boolean {
  return env.EC2_IMAGE_IGNORE_SIGHUP === '1' || /(^|\/)nohup$/.test(env._ ?? '');
}
