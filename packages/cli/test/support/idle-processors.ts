import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

/** The machine's processors appear to have nothing to do, until it is disposed of: the other tests keep them busy. */
export function idleProcessors(): Disposable {
  const { cpus } = os;
  os.cpus = () =>
    cpus().map((cpu) => ({ ...cpu, times: { user: 0, nice: 0, sys: 0, irq: 0, idle: performance.now() } }));
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]() {
      os.cpus = cpus;
      syncBuiltinESMExports();
    },
  };
}
