import { execa } from 'execa';
import { expect, test } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { cliCommand } from './support/run-cli.ts';

const [node, ...args] = cliCommand;

/** The command, told that another release runs it. */
function startUnder(version: string) {
  const claim = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  return execa(
    node,
    ['--import', `data:text/javascript,${encodeURIComponent(claim)}`, ...args, '--version'],
    {
      reject: false,
    },
  );
}

test.each(['20.20.2', '22.18.0'])('Node.js %s is told to be too old, in one line', async (version) => {
  const { exitCode, stdout, stderr } = await startUnder(version);
  const oldest = manifest.engines.node.replace('>=', '');
  expect(stderr).toMatch(
    new RegExp(`^error: ec2-image needs Node\\.js ${oldest}(\\.0)? or later, and this is ${version}\\. .*$`),
  );
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
});

test.each(['22.19.0', '24.0.0', '100.1.0'])('%s is new enough', async (version) => {
  const { exitCode, stdout } = await startUnder(version);
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: manifest.version });
});
