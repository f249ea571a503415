import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { fileHandler, sampleBytes } from './support/file-handler.ts';
import { serve } from './support/server.ts';
import { digestOfBytes, temporaryDirectory } from './support/work.ts';

interface End {
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
  readonly outcome?: string;
}

/** Downloads with no descriptor free, then with one, with two, until it works. */
const script = `
  import { closeSync, openSync } from 'node:fs';
  import { fetchImage } from ${JSON.stringify(import.meta.resolve('../src/index.ts'))};
  const options = JSON.parse(process.argv[1]);
  const attempt = (more) => fetchImage({ ...options, ...more, sleep: async () => {} }).then(
    ({ outcome }) => ({ outcome }),
    ({ code, message, hint }) => ({ code, message, hint }),
  );
  // What Node loads or opens for a first download is there.
  const ends = [await attempt({ url: options.url + '/missing' })];
  const taken = [];
  try {
    for (;;) taken.push(openSync('/dev/null'));
  } catch {}
  do {
    ends.push(await attempt());
    if (taken.length > 0) closeSync(taken.pop());
  } while (ends.at(-1).outcome === undefined && ends.length < 40);
  console.log(JSON.stringify(ends));`;

test.each([1, 4])(
  'a process without free descriptors says so wherever it meets it, and completes the file once there are some (%i connections)',
  async (connections) => {
    const content = sampleBytes(3 * 2 ** 20);
    const { url } = await serve((request, response) =>
      request.url === '/disk/missing'
        ? response.writeHead(404).end()
        : fileHandler({ content })(request, response),
    );
    const directory = await temporaryDirectory();
    const options = { url: `${url}/disk`, digest: digestOfBytes(content), directory, connections };
    const { stdout } = await promisify(execFile)('sh', [
      '-c',
      'ulimit -n 128 && exec "$0" --conditions=@ec2-image/source --input-type=module --eval "$1" "$2"',
      process.execPath,
      script,
      JSON.stringify(options),
    ]);
    const [first, ...ends] = JSON.parse(stdout) as End[];
    expect(first).toMatchObject({ code: 'HTTP_NOT_FOUND' });
    expect(ends.length).toBeGreaterThan(2);
    for (const end of ends.slice(0, -1))
      expect(end).toMatchObject({
        code: 'TOO_MANY_OPEN_FILES',
        message: expect.stringMatching(/^too many open files/),
        hint: expect.stringContaining('ulimit'),
      });
    expect(ends.at(-1)?.outcome).toMatch(/^(downloaded|resumed|reused)$/);
  },
);
