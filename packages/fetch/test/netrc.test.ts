import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { parseNetrc } from '../src/netrc.ts';
import { fileHandler, sampleBytes } from './support/file-handler.ts';
import { serve } from './support/server.ts';
import { digestOfBytes, fetchTo, temporaryDirectory } from './support/work.ts';

describe('a netrc file', () => {
  const text = `# comment
machine images.example login me password "two words \\" more"
machine OTHER.example
  login you
  account ignored
  password tok#en
macdef init
machine macro.example login a password b

machine images.example login again password later
default login anybody password anything
`;

  test('gives each host its login, the first of several', () => {
    expect(Object.fromEntries(parseNetrc(text))).toEqual({
      'images.example': { login: 'me', password: 'two words " more' },
      'other.example': { login: 'you', password: 'tok#en' },
    });
  });

  test.each(['', 'machine', 'machine a login', 'machine a password', '"', 'login x password y'])(
    'that breaks off, %j, gives nothing that is not there',
    (broken) => {
      expect([...parseNetrc(broken).values()].filter(({ password }) => password !== '')).toEqual([]);
    },
  );
});

describe('a server that asks for a login', () => {
  const content = sampleBytes(100_000);
  const digest = digestOfBytes(content);
  const expected = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`;
  const send = fileHandler({ content });

  beforeEach(async () => {
    const netrc = join(await temporaryDirectory(), 'netrc');
    await writeFile(netrc, 'machine localhost login me password secret\n');
    vi.stubEnv('NETRC', netrc);
    onTestFinished(() => void vi.unstubAllEnvs());
  });

  test('gets that of its host; that of the URL comes first, and no other host gets it', async () => {
    const seen: (string | undefined)[] = [];
    const { url } = await serve((request, response) => {
      seen.push(request.headers.authorization);
      if (request.url === '/elsewhere') {
        const { port } = new URL(url);
        response.writeHead(302, { location: `http://127.0.0.1:${port}/disk` }).end();
      } else send(request, response);
    });
    const named = url.replace('127.0.0.1', 'localhost');
    await fetchTo({ url: `${named}/disk`, digest });
    expect(new Set(seen.splice(0))).toEqual(new Set([expected('me:secret')]));
    await fetchTo({ url: `${named.replace('//', '//you:own@')}/disk`, digest });
    expect(new Set(seen.splice(0))).toEqual(new Set([expected('you:own')]));
    await fetchTo({ url: `${named}/elsewhere`, digest });
    expect(seen).toContain(undefined);
    expect(seen[1]).toBeUndefined();
  });
});
