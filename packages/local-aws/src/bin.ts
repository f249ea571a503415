#!/usr/bin/env -S node --max-semi-space-size=1
// Bodies come in buffers outside the heap, which only a collection lets go. With a small young generation those are
// many and short, and a block of 512 KiB costs half the processor time. V8 takes the option at its start alone.
// Node 22 calls its SQLite experimental, once in each process; a server's user can do nothing with that.
// It says so when the module is loaded, which is why everything else is loaded after this.
import { setFlagsFromString } from 'node:v8';

// V8 counts those buffers, too: it would mark the whole heap beside the work after every few dozen MiB of bodies, a third
// of the processor time of an upload. Without that, it marks when the heap has grown.
setFlagsFromString('--no-incremental-marking');

process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') process.stderr.write(`${warning.stack ?? warning.message}\n`);
});

const { main } = await import('./bin/main.ts');
process.exitCode = await main(process.argv.slice(2));
