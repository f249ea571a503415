import { execa } from 'execa';
import { expect, test } from 'vitest';
import { cliCommand } from './support/run-cli.ts';

const [node, ...args] = cliCommand;

/** Prints the URL of each module that is loaded on stderr. */
const telling = `import { registerHooks } from 'node:module';
registerHooks({ load(url, context, next) { process.stderr.write(url + '\\n'); return next(url, context); } });`;

test('what starts the command loads little of it: the version is printed before anything reads a command line', async () => {
  const loaded = async (argument: string) => {
    const hooks = ['--import', `data:text/javascript,${encodeURIComponent(telling)}`];
    const { stderr } = await execa(node, [...hooks, ...args, argument]);
    return stderr.split('\n').filter((url) => url.startsWith('file:')).length;
  };
  expect(await loaded('--version')).toBeLessThan(15);
  // Each module is told of, so few of them are few.
  expect(await loaded('--help')).toBeGreaterThan(15);
});
