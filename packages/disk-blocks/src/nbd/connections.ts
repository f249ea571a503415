import { nbdFailed as failed } from '../errors.ts';
import { type ConnectNbdOptions, connectNbd, type NbdClient } from './client.ts';

/**
 * Two: a Unix socket holds less than one read, so that qemu-nbd and its reader wait for each other many times for each. It
 * fills the one while the other is being emptied.
 */
const connectionCount = 2;

/** A client that has several connections to one server. All are there once it has resolved. */
export async function connectNbdTwice(options: ConnectNbdOptions): Promise<NbdClient> {
  const clients: NbdClient[] = [];
  const close = () => {
    for (const client of clients) client.close();
  };
  try {
    for (let n = 0; n < connectionCount; n += 1) clients.push(await connectNbd(options));
    const [first] = clients as [NbdClient];
    const { sizeBytes, dataExtents, unallocatedExtents } = first;
    if (clients.some((client) => client.sizeBytes !== sizeBytes))
      throw failed('another size for each connection');
    const reads = new Map(clients.map((client) => [client, 0]));
    return {
      sizeBytes,
      dataExtents,
      unallocatedExtents,
      async readInto(buffer, offset) {
        const least = clients.reduce((one, other) => (reads.get(other)! < reads.get(one)! ? other : one));
        reads.set(least, reads.get(least)! + 1);
        try {
          await least.readInto(buffer, offset);
        } finally {
          reads.set(least, reads.get(least)! - 1);
        }
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}
