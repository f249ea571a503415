import { expect, test } from 'vitest';
import { optionTable } from '../../src/options/table.ts';
import { runInProcess } from '../support/in-process.ts';

const secrets = ['hunter2', 'tok3n'];
/** Each was meant for another option, or for another program. */
const values = [
  'https://me:hunter2@host/x?token=tok3n',
  '//me:hunter2@host/x?token=tok3n',
  'me:hunter2@host:3128',
  'host/x?X-Amz-Signature=tok3n&y',
  '{"password":"hunter2"}',
  'postgres://me:hunter2@db',
  'a=https://me:hunter2@h/?token=tok3n',
  'https://me:"hunter2"@host',
];

function expectNoSecret(text: string): void {
  for (const secret of secrets) expect(text).not.toContain(secret);
}

test('no option repeats a secret in what it says of a value that it does not take', () => {
  const messages = Object.values(optionTable).flatMap(({ kind }) =>
    values.flatMap((value) => {
      const { error } = kind.schema.safeParse(kind.fromText([value]));
      return error?.issues.map(({ message }) => message) ?? [];
    }),
  );
  expect(messages.length).toBeGreaterThan(300);
  for (const message of messages) expectNoSecret(message);
});

test.for<[what: string, args: (value: string) => string[], env?: (value: string) => Record<string, string>]>([
  ['a command', (value) => [value]],
  ['an operand', (value) => ['doctor', value]],
  ['an operand of its own kind', (value) => ['verify', value, '--file', 'x']],
  ['an option', (value) => ['import', '--format', value]],
  ['an unknown option', (value) => ['import', `--formt=${value}`]],
  ['a name of a list', (value) => ['iam-policy', value]],
  ['an error code', (value) => ['explain', value]],
  ['a profile', (value) => ['doctor', '--profile', value]],
  ['a variable of the tool', () => ['import'], (value) => ({ EC2_IMAGE_CONVERTER: value })],
])('nor does an error of %s', async ([, args, env]) => {
  for (const value of values.slice(0, 3)) {
    const end = await runInProcess([...args(value), '--json'], { env: env?.(value) });
    expect(end.exitCode, end.stderr).not.toBe(0);
    expectNoSecret(end.stdout + end.stderr);
  }
});
