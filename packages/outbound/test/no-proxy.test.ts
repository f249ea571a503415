import { readProxies } from '@ec2-image/outbound';
import { describe, expect, test } from 'vitest';

/** Which variable names the proxy for a URL. */
function chosen(url: string, env: Readonly<Record<string, string>>): string | undefined {
  return readProxies(env).proxyFor(new URL(url))?.variable;
}

test.each([
  ['https://ec2.us-east-1.amazonaws.com/', { HTTPS_PROXY: 'http://proxy:3128' }, 'HTTPS_PROXY'],
  ['https://ec2.us-east-1.amazonaws.com/', { HTTP_PROXY: 'http://proxy:3128' }, undefined],
  ['http://mirror.example/', { HTTP_PROXY: 'proxy:3128', HTTPS_PROXY: 'other' }, 'HTTP_PROXY'],
  ['http://mirror.example/', { ALL_PROXY: 'proxy' }, 'ALL_PROXY'],
  ['https://mirror.example/', { all_proxy: 'proxy', HTTPS_PROXY: 'proxy' }, 'HTTPS_PROXY'],
  ['https://mirror.example/', { https_proxy: 'one', HTTPS_PROXY: 'two' }, 'https_proxy'],
  // As with curl, an empty one in lower case switches the other off.
  ['https://mirror.example/', { https_proxy: '', HTTPS_PROXY: 'two' }, undefined],
  ['https://mirror.example/', {}, undefined],
  ['http://127.0.0.1:4566/', { HTTP_PROXY: 'proxy', ALL_PROXY: 'proxy' }, undefined],
  ['http://127.8.9.1/', { HTTP_PROXY: 'proxy' }, undefined],
  ['https://[::1]:8443/', { HTTPS_PROXY: 'proxy' }, undefined],
  ['https://bucket.s3.localhost/', { HTTPS_PROXY: 'proxy' }, undefined],
  ['https://localhost.example/', { HTTPS_PROXY: 'proxy' }, 'HTTPS_PROXY'],
])('%s with %o', (url, env, variable) => {
  expect(chosen(url, env as Record<string, string>)).toBe(variable);
});

test.each([
  ['example.com', ['https://example.com/', 'https://a.b.example.com/'], ['https://notexample.com/']],
  ['.example.com', ['https://example.com/', 'https://a.example.com/'], ['https://example.org/']],
  ['*.example.com', ['https://a.example.com/'], ['https://example.com/']],
  ['EXAMPLE.com.', ['https://example.com./', 'https://example.COM/'], []],
  [
    'example.com:8443',
    ['https://example.com:8443/', 'https://a.example.com:8443/'],
    ['https://example.com/'],
  ],
  ['example.com:443', ['https://example.com/'], ['http://example.com/']],
  ['10.0.0.0/8', ['https://10.200.3.4/'], ['https://11.0.0.1/', 'https://10.example.com/']],
  ['10.1.2.3', ['https://10.1.2.3/'], ['https://10.1.2.30/']],
  ['fd00::/8', ['https://[fd12::1]/'], ['https://[fe80::1]/']],
  ['[fd00::1]:8443', ['https://[fd00::1]:8443/'], ['https://[fd00::1]/']],
  ['10.0.0.0/99, other  example.com', ['https://example.com/', 'https://other/'], ['https://10.0.0.1/']],
  ['*', ['https://example.com/', 'http://10.0.0.1/'], []],
  ['', [], ['https://example.com/']],
])('NO_PROXY=%s', (value, direct, proxied) => {
  const env = { ALL_PROXY: 'http://proxy:3128' };
  for (const name of ['NO_PROXY', 'no_proxy']) {
    for (const url of direct) expect(chosen(url, { ...env, [name]: value }), url).toBeUndefined();
    for (const url of proxied) expect(chosen(url, { ...env, [name]: value }), url).toBe('ALL_PROXY');
  }
});

describe('a variable that names no proxy', () => {
  test.each([
    ['http://me:secret@proxy:port', 'is not a valid proxy URL'],
    ['socks5://me:secret@proxy:1080', 'SOCKS'],
    ['http://', 'is not a valid proxy URL'],
    ['http://me:100%secret@proxy', 'is not a valid proxy URL'],
  ])('%s', (value, why) => {
    const proxies = readProxies({ HTTPS_PROXY: value });
    for (const use of [() => proxies.check(), () => proxies.proxyFor(new URL('https://example.com'))]) {
      let thrown: unknown;
      try {
        use();
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({ code: 'BAD_PROXY', message: expect.stringContaining(why) });
      expect(JSON.stringify([String(thrown), thrown])).not.toContain('secret');
    }
  });
});
