// Loaded before the command: connections to anywhere but loopback are refused, and written down.
import { appendFileSync } from 'node:fs';
import { Socket } from 'node:net';

const { connect } = Socket.prototype;

Socket.prototype.connect = function (...given) {
  const [first] = [given[0]].flat();
  const host = first?.host ?? (typeof first === 'object' ? 'localhost' : given[1]) ?? 'localhost';
  if (first?.path !== undefined && first.host === undefined) return connect.apply(this, given);
  if (/^(localhost|127\.|::1$)/.test(host)) return connect.apply(this, given);
  appendFileSync(process.env.DIRECT_CONNECTIONS, `${host}:${first.port}\n`);
  process.nextTick(() =>
    this.destroy(Object.assign(new Error(`direct connection to ${host}`), { code: 'ECONNREFUSED' })),
  );
  return this;
};
