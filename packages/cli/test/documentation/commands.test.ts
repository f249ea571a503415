import { describe, expect, test } from 'vitest';
import { validateConfig } from '../../src/config/validate-config.ts';
import { parseArguments } from '../../src/options/arguments.ts';
import { isCommand } from '../../src/options/commands.ts';
import { readGiven } from '../../src/options/given.ts';
import { optionTable } from '../../src/options/table.ts';
import { commandsOf, configurationsOf, documents, placeholders, readDocument } from './documents.ts';

describe.each(documents)('the commands in %s', (path) => {
  const commands = commandsOf(readDocument(path));

  test.skipIf(commands.length === 0)('are read by the command line', () => {
    const wrong = commands.flatMap((words) => {
      try {
        read(words.map((word) => placeholders[word] ?? word.replace('…', 'example.org')));
        return [];
      } catch (error) {
        return [`ec2-image ${words.join(' ')}: ${(error as Error).message}`];
      }
    });
    expect(wrong).toEqual([]);
  });
});

test('there are commands in the documents', () => {
  expect(documents.flatMap((path) => commandsOf(readDocument(path))).length).toBeGreaterThan(80);
});

function read([command = '', ...args]: readonly string[]): void {
  if (command === '--version' || command === '--help') return;
  if (!isCommand(command)) throw new Error('there is no such command');
  // Prose that names an option leaves out its value, and what else the command needs.
  const [, last] = /^--(.+)$/.exec(args.at(-1) ?? '') ?? [];
  const isName = last !== undefined && optionTable[last]?.kind.metavar !== undefined;
  const { flags } = parseArguments(command, isName ? ['--help', ...args] : args);
  readGiven({ command, flags, env: {} });
}

const configurations = documents.flatMap((path) =>
  configurationsOf(readDocument(path)).map((source) => ({ path, source })),
);

test.each(configurations)('a configuration in $path is valid', ({ path, source }) => {
  const env = { IMG_SFX: '20261122', IMPORT_IMG_SFX: '20261122' };
  expect(validateConfig({ path, source, env }).problems).toEqual([]);
});

test('there are configurations in the documents', () => {
  expect(configurations.length).toBeGreaterThan(1);
});
