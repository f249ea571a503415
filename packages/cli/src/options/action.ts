import { hasVariable, type OptionEntry, type OptionTable, optionsOf, variableOf } from './option.ts';
import { optionTable } from './table.ts';

/** The GitHub Action: an input for each option of an import that a variable can set. */
export function renderAction(table: OptionTable = optionTable): string {
  const options = optionsOf(table, 'import').filter(([, entry]) => hasVariable(entry));
  return [
    '# Generated from packages/cli/src/options: `vitest run packages/cli/test/options -u` writes it.',
    'name: ec2-image',
    'description: Brings disk images into EC2 as tagged AMIs, unattended',
    'inputs:',
    ...input('command', 'What to run', 'import'),
    ...input('images', 'Names of images of the configuration file; default: all of them'),
    ...input('arguments', 'Further arguments, one a line, such as --apply of publish'),
    ...options.flatMap(([key, entry]) => input(key, describe(entry))),
    'outputs:',
    '  image-ids:',
    '    description: A JSON object of the AMIs by the names of their images',
    `    value: ${expression('steps.run.outputs.image-ids')}`,
    'runs:',
    '  using: composite',
    '  steps:',
    '    - shell: bash',
    '      run: |',
    '        "$GITHUB_ACTION_PATH/scripts/setup"',
    '    - id: run',
    '      shell: bash',
    '      run: |',
    '        set -f # a name is not a pattern',
    '        mapfile -t arguments < <(printf %s "$ACTION_ARGUMENTS")',
    '        # In place of the shell, which would keep the signals of a cancelled run to itself.',
    '        # shellcheck disable=SC2086 # several names',
    '        exec "$GITHUB_ACTION_PATH/scripts/ec2-image" "$ACTION_COMMAND" $ACTION_IMAGES "${arguments[@]}"',
    '      env:',
    ...['command', 'images', 'arguments'].map((key) => variable(`ACTION_${key.toUpperCase()}`, key)),
    ...options.map(([key]) => variable(variableOf(key), key)),
    '',
  ].join('\n');
}

function describe({ help, kind, default: otherwise }: OptionEntry): string {
  const notes = [
    ...(kind.repeats ? ['several: with commas between'] : []),
    ...(otherwise === undefined ? [] : [`default: ${otherwise}`]),
  ];
  return notes.length > 0 ? `${help} (${notes.join('; ')})` : help;
}

function input(key: string, description: string, otherwise?: string): string[] {
  return [
    `  ${key}:`,
    `    description: ${JSON.stringify(description)}`,
    ...(otherwise === undefined ? [] : [`    default: ${otherwise}`]),
  ];
}

/** An input that is not given is empty, and an empty variable counts as none. */
function variable(name: string, key: string): string {
  return `        ${name}: ${expression(`inputs.${key}`)}`;
}

function expression(what: string): string {
  return `\${{ ${what} }}`;
}
