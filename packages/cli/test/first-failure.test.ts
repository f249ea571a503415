import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, testWith } from './support/fixtures.ts';

const test = testWith();

test('what is checked side by side ends with the first failure, and nothing is printed behind the result', async ({
  runImport,
}) => {
  const server = createServer(() => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const startedAt = performance.now();
  const { result, stderr } = await runImport({
    bucket: 'no-such-bucket',
    'checksum-url': `http://127.0.0.1:${port}/CHECKSUM`,
  });
  server.closeAllConnections();
  server.close();
  expect(result.error?.code).toBe('NO_SUCH_BUCKET');
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  expect(stderr).not.toContain('trying again');
});
