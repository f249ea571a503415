import type { Definition } from 'clipanion';
import { renderTable } from './table.ts';

/** The commands, and how to go on from there. clipanion's own overview lists every option of every command. */
export function renderOverview({
  version,
  commands,
}: {
  readonly version: string;
  readonly commands: readonly Definition[];
}): string {
  const rows = commands
    .filter(({ description }) => description !== undefined)
    .map(({ path, description }) => [`  ${path.split(' ').at(-1)}`, description!.trim()]);
  return `ec2-image ${version}: brings disk images into EC2 as tagged AMIs

Usage: ec2-image COMMAND [OPTION…]

${renderTable(rows)}

Examples:
  ec2-image demo
  ec2-image import --name fedora-aws --url URL --checksum-url URL --arch x86_64 --bucket BUCKET
  ec2-image import --config ec2-image.yaml --json

\`ec2-image COMMAND --help\` shows what a command does, its options and examples; \`--version\` the version.
`;
}

/** clipanion numbers the values that an option takes: `--region #0`. */
export function renderCommandHelp(usage: string): string {
  return usage.replace(/ #\d+/g, ' VALUE');
}
