import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSigned } from '@ec2-image/local-aws/testing';
import { readCaBundle } from '@ec2-image/outbound';
import { afterAll, expect, test } from 'vitest';

const directory = await mkdtemp(join(tmpdir(), 'ca-bundle-'));
afterAll(() => rm(directory, { recursive: true }));

const { cert, key } = selfSigned();

async function read(content: string) {
  const path = join(directory, 'bundle.pem');
  await writeFile(path, content);
  return readCaBundle({ path, setBy: 'AWS_CA_BUNDLE' });
}

test('every certificate of the file, and nothing else of it', async () => {
  const found = await read(`# Corporate CA\n${cert}${key}\r\n${cert}`);
  expect(found).toHaveLength(2);
  expect(found.join()).not.toContain('PRIVATE KEY');
});

test.each([
  ['', /no PEM certificate/],
  [key, /no PEM certificate/],
  [cert.replace('MII', 'AAA'), /certificate 1 of 1 is malformed/],
  [cert + cert.replace(/\n.{20}/, '\n'), /certificate 2 of 2 is malformed/],
])('a bundle that is none', async (content, why) => {
  await expect(read(content)).rejects.toMatchObject({
    code: 'CA_BUNDLE_UNUSABLE',
    message: expect.stringMatching(why),
    hint: expect.stringContaining('AWS_CA_BUNDLE'),
  });
});

test('a file that is not there', async () => {
  const path = join(directory, 'missing.pem');
  await expect(readCaBundle({ path, setBy: 'ca_bundle' })).rejects.toMatchObject({
    code: 'CA_BUNDLE_UNUSABLE',
    message: `cannot use the certificates of ${path} (ca_bundle): there is no such file`,
  });
  await expect(readCaBundle({ path: directory, setBy: 'ca_bundle' })).rejects.toMatchObject({
    message: expect.stringContaining('is a directory'),
  });
});
