import { ExplainedError } from '@ec2-image/explained-error';
import { fetchImage, imageFileName, readChecksum, type SignS3Request } from '@ec2-image/fetch';
import { describe, expect, test } from 'vitest';
import { fileHandler } from './support/file-handler.ts';
import { serve } from './support/server.ts';
import { catchFailure, digestOfBytes, fetchTo } from './support/work.ts';

const content = Buffer.from('an image in a bucket'.repeat(5000));
const digest = digestOfBytes(content);

test('every request is signed by itself, for its range, and sent to where the signer says', async () => {
  const { url, requests } = await serve(fileHandler({ content }));
  const asked: Parameters<SignS3Request>[0][] = [];
  const signS3: SignS3Request = async (request) => {
    asked.push(request);
    return {
      url: new URL(`${url}/signed?n=${asked.length}`),
      headers: { authorization: `s${asked.length}` },
    };
  };
  const image = await fetchTo({ url: 's3://images/a b/50%/d?#.raw', digest, connections: 2, signS3 });
  expect(image).toMatchObject({ outcome: 'downloaded', size: content.length });
  expect(asked[0]).toMatchObject({ bucket: 'images', key: 'a b/50%/d?#.raw' });
  expect(requests.map(({ path, headers }) => [path, headers.authorization])).toEqual(
    asked.map((_, index) => [`/signed?n=${index + 1}`, `s${index + 1}`]),
  );
  expect(requests.map(({ headers }) => headers.range)).toEqual(asked.map(({ range }) => range));
});

test('what the signer says is the error, and nothing is tried again', async () => {
  let calls = 0;
  const signS3 = async () => {
    calls++;
    throw new ExplainedError('CREDENTIALS_EXPIRED', 'expired', { hint: 'Sign in again.' });
  };
  expect(await catchFailure(readChecksum({ url: 's3://b12/SUMS', imageUrl: 'x', signS3 }))).toMatchObject({
    code: 'CREDENTIALS_EXPIRED',
  });
  expect(calls).toBe(1);
});

test.each([403, 404])('an answer of %i says what may be wrong', async (status) => {
  const { url } = await serve((_request, response) => response.writeHead(status).end());
  const signS3 = async () => ({ url: new URL(url), headers: {} });
  const work = fetchImage({
    url: 's3://images/disk.raw',
    digest,
    directory: '/tmp',
    signS3,
    sleep: async () => {},
  });
  expect(await catchFailure(work)).toMatchObject({
    message: `s3://images/disk.raw answered ${status}`,
    hint: expect.stringContaining('s3:GetObject'),
  });
});

describe('a URL of an object', () => {
  test.each([
    's3://images',
    's3://images/',
    's3:images/x',
    's3://a/x',
    's3://images/../x',
    's3://images/a/./x',
  ])('%s is refused', (url) =>
    expect(() => imageFileName(url)).toThrow('is not of the form s3://bucket/key'),
  );

  test('has the name of its key, as it is', () => {
    expect(imageFileName('s3://images/a/b%20c?d#e.raw')).toBe('b%20c?d#e.raw');
  });
});
