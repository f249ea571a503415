#!/usr/bin/env node
import './process/supported-node.ts';
import { asksForVersion, main } from './main.ts';
import { guardOutputs } from './process/outputs.ts';

const argv = process.argv.slice(2);
// The version is printed before this could help.
if (!asksForVersion(argv)) await import('./process/prepare.ts');

const outputs = guardOutputs(process);
const colors = process.env.NO_COLOR || !process.stdout.isTTY ? 1 : process.stdout.getColorDepth();
const code = await main(argv, {
  env: process.env,
  // Opened by whoever reads it: for what only prints, that is a tenth of the time.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  colorDepth: colors,
});
process.exitCode = await outputs.end(code);
