import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import fc from 'fast-check';
import { test as base, describe, expect } from 'vitest';
import { stringify } from 'yaml';
import { quote } from '../src/command-line.ts';
import { completionScripts } from '../src/completion/scripts.ts';
import { parseShellLine, quoteForBash } from '../src/completion/shell-line.ts';
import { commandNames } from '../src/options/commands.ts';
import { optionsOf } from '../src/options/option.ts';
import { optionTable } from '../src/options/table.ts';
import { commandDirectory } from './support/command-directory.ts';
import { runInProcess } from './support/in-process.ts';
import { ownEnvironment } from './support/run-cli.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';

type Shell = 'bash' | 'zsh' | 'fish';

const inShell = fileURLToPath(new URL('support/in-shell.py', import.meta.url));

/** What a user has in the files of each shell; the prompt is what the test waits for. */
const files: Readonly<Record<Shell, Readonly<Record<string, string>>>> = {
  bash: { '.bashrc': "PS1='READY>'\nsource <(ec2-image completion bash)\n" },
  zsh: {
    '.zshrc':
      "PS1='READY>'\nbindkey -e\nautoload -Uz compinit\ncompinit -u -D\nsource <(ec2-image completion zsh)\n",
  },
  fish: {
    '.config/fish/config.fish': "function fish_prompt; printf 'READY>'; end\n",
    '.config/fish/completions/ec2-image.fish': completionScripts.fish,
  },
};

/** Names that a shell would take apart, or run. */
const oddNames = ["it's ä", 'say "x!"', '$(touch pwned)', 'back`touch pwned`tick;*?'];

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('directory', { scope: 'file' }, async ({}) => {
    const directory = await temporaryDirectory('shell');
    const images = Object.fromEntries(['fedora-aws', ...oddNames].map((name, at) => [`${at}${name}`, {}]));
    await writeFile(join(directory, 'ec2-image.yaml'), stringify({ images }));
    await mkdir(join(directory, 'a directory'));
    await writeFile(join(directory, 'a file.txt'), '');
    return directory;
  })
  // biome-ignore lint/correctness/noEmptyPattern: as above
  .extend('programs', { scope: 'file' }, ({}) => commandDirectory())
  /** The words that the shell makes of each of these beginnings of a line, once the tab key has been pressed behind it. */
  .extend(
    'completed',
    { scope: 'file' },
    ({ directory, programs }) =>
      async (shell: Shell, lines: readonly string[]) => {
        for (const [name, text] of Object.entries(files[shell])) {
          await mkdir(dirname(join(directory, name)), { recursive: true });
          await writeFile(join(directory, name), text);
        }
        const words = join(directory, `${shell}.words`);
        const show = join(programs, 'show');
        await writeFile(show, `#!/bin/sh\nprintf '<%s>' "$@" >>${quote(words)}\necho >>${quote(words)}\n`, {
          mode: 0o755,
        });
        await writeFile(words, '');
        // Ctrl-A goes to the line's beginning: the line is shown to be read, and not run.
        const typed = lines.map((line) => `${line}\t\u0001show \r`);
        const input = [...typed, 'exit\r'].join('\0');
        await execa('python3', [inShell, 'READY>', shell, '-i'], {
          cwd: directory,
          extendEnv: false,
          env: {
            ...ownEnvironment,
            PATH: `${programs}:${process.env.PATH}`,
            HOME: directory,
            TERM: 'xterm',
            LC_ALL: 'C.UTF-8',
          },
          input,
        });
        return (await readFile(words, 'utf8')).split('\n').filter((line) => line !== '');
      },
  );

const cases: readonly (readonly [typed: string, words: string])[] = [
  ['imp', '<import>'],
  ['import 0', '<import><0fedora-aws>'],
  ...oddNames.map((name, at): [string, string] => [`import ${at + 1}`, `<import><${at + 1}${name}>`]),
  [`import "1it'`, `<import><1it's ä>`],
  ["import '3$(", '<import><3$(touch pwned)>'],
  ['import --arch=ar', '<import><--arch=arm64>'],
  ['import --region mx-', '<import><--region><mx-central-1>'],
  ['verify --file=a\\ f', '<verify><--file=a file.txt>'],
  ['doctor --work-dir a\\ d', '<doctor><--work-dir><a directory>'],
];

test.for(['bash', 'zsh', 'fish'] as const)(
  '%s completes what the table knows, quotes odd names, and runs none',
  { timeout: 150_000 },
  async (shell, { directory, completed }) => {
    const words = await completed(
      shell,
      cases.map(([typed]) => `ec2-image ${typed}`),
    );
    // zsh takes the slash behind a directory back when another word follows.
    expect(words.map((word) => word.replace('directory/>', 'directory>'))).toEqual(
      cases.map(([, expected]) => `<ec2-image>${expected}`),
    );
    expect(await readdir(directory)).not.toContain('pwned');
  },
);

describe('what is offered', () => {
  const offered = async (...words: string[]) => {
    const run = await runInProcess(['__complete', 'fish', ...words]);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    const [paths, ...lines] = run.stdout.trimEnd().split('\n');
    return { paths, values: lines.map((line) => line.split('\t')[0]!) };
  };

  test('commands, and the words of a command', async () => {
    expect((await offered('')).values).toEqual([...commandNames, 'help']);
    expect((await offered('help', '')).values).toEqual([...commandNames, 'help']);
    expect((await offered('completion', '')).values).toEqual(['bash', 'zsh', 'fish']);
    expect((await offered('nonsense', '')).values).toEqual([]);
  });

  test.for(commandNames)('every option of %s that is not given yet', async (command) => {
    const keys = optionsOf(optionTable, command).map(([key]) => `--${key}`);
    expect((await offered(command, '--')).values).toEqual([...keys, '--help']);
    expect((await offered(command, '--json', '--')).values).not.toContain('--json');
  });

  test('switches that a file can set, to be unset', async () => {
    expect((await offered('import', '--no')).values).toContain('--no-verify');
    expect((await offered('import', '--no')).values).not.toContain('--no-local');
  });

  test('values of an option, wherever they stand', async () => {
    expect((await offered('import', '--format', '')).values).toEqual(['vhdx', 'vhd', 'vmdk', 'raw']);
    expect((await offered('import', '--format=')).values).toContain('--format=raw');
    expect(await offered('import', '--work-dir', '')).toEqual({ paths: 'directory', values: [] });
    expect(await offered('import', '--config', '')).toEqual({ paths: 'file', values: [] });
    expect((await offered('janitor', '--region', '')).values).toContain('eu-west-1');
  });

  test('the images of the file that is named; of one that is broken or missing, those that can be read', async () => {
    const path = join(await temporaryDirectory('broken'), 'a.yaml');
    await writeFile(path, 'buckett: x\nimages: { one: {}, two: { arch: i386 } }\n');
    expect((await offered('import', '--config', path, 'one', '')).values).toEqual(['two']);
    await writeFile(path, 'images: [');
    expect((await offered('import', `--config=${path}`, '')).values).toEqual([]);
    expect((await offered('import', '--config', '/nowhere.yaml', '')).values).toEqual([]);
  });
});

test('bash reads a completed word as it is meant, however the word was begun', () => {
  const character = fc.constantFrom(...'aä =:"\'\\$`!*?;&|<>(){}[]~#^%,'.split(''));
  const text = fc.array(character, { maxLength: 8 }).map((all) => all.join(''));
  const some = text.filter((value) => value !== '');
  fc.assert(
    fc.property(text, some, fc.constantFrom('', '"', "'"), (begun, rest, quoteMark) => {
      fc.pre(!(quoteMark === '"' && begun.includes('!')) && !begun.includes(quoteMark || '\0'));
      const typed =
        quoteMark === "'"
          ? `'${begun}`
          : quoteMark === '"'
            ? `"${begun.replace(/[\\$`]/g, '\\$&')}`
            : begun.replace(/[^a-z]/g, '\\$&');
      const line = parseShellLine(`x ${typed}`, { wordBreaks: '' });
      expect(line.word).toBe(begun);
      const whole = `x ${typed}${quoteForBash(begun + rest, { ...line, kept: begun.length })}${quoteMark} `;
      expect(parseShellLine(whole, { wordBreaks: '' }).words).toEqual(['x', begun + rest]);
    }),
  );
});
