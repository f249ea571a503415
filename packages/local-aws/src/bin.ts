#!/usr/bin/env node
// Node 22 calls its SQLite experimental, once in each process; a server's user can do nothing with that.
// It says so when the module is loaded, which is why everything else is loaded after this.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') process.stderr.write(`${warning.stack ?? warning.message}\n`);
});

const { main } = await import('./bin/main.ts');
process.exitCode = await main(process.argv.slice(2));

export {};
