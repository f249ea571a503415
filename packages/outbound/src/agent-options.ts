export interface AgentOptions {
  readonly keepAlive: boolean;
  /** To one host. */
  readonly maxSockets: number;
  /** Of a connection by way of a proxy: until the proxy has given it. */
  readonly connectTimeoutMs: number;
  /** In place of the usual certificate authorities. */
  readonly ca?: readonly string[];
  /** For the proxy's own certificate; default the usual ones. */
  readonly proxyCa?: readonly string[];
}
