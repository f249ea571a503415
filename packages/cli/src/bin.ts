#!/usr/bin/env node
import './process/supported-node.ts';
import './process/small-heap.ts';
import nodeModule from 'node:module';
import { privateCompileCache } from './process/compile-cache.ts';
import { ignoresHangup } from './process/hangup.ts';

if (ignoresHangup(process.env)) process.on('SIGHUP', () => {});

// Before anything else is loaded: a third of the time until the first request is compiling the SDK. Where
// NODE_COMPILE_CACHE names a directory, Node has enabled that one already.
const compileCache = process.env.NODE_COMPILE_CACHE ? undefined : privateCompileCache(process.env);
if (compileCache !== undefined) nodeModule.enableCompileCache(compileCache);
const [{ main }, { guardOutputs }] = await Promise.all([import('./main.ts'), import('./process/outputs.ts')]);

const outputs = guardOutputs(process);
const colors = process.env.NO_COLOR || !process.stdout.isTTY ? 1 : process.stdout.getColorDepth();
const code = await main(process.argv.slice(2), {
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
