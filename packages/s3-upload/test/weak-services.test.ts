import { findObject, uploadDisk } from '@ec2-image/s3-upload';
import { type DiskDirectory, partSize } from './support/disks.ts';
import { bucket, clientFor, uploadOptions } from './support/emulator.ts';
import { expect, test } from './support/fixtures.ts';
import { readBody, startWeakS3, type WeakS3Options } from './support/weak-s3.ts';

const size = 2 * partSize + 1000;

async function startWeak(directory: DiskDirectory, options: WeakS3Options = {}) {
  const service = await startWeakS3(options);
  const given = uploadOptions(clientFor(service.url));
  const path = `/${bucket}/${given.key}`;
  const disk = await directory.disk({ size, name: path.replaceAll('/', '-') });
  return { ...service, path, options: { ...given, disk }, disk };
}

test('without checksums, ETags that are MD5s prove parts and object', async ({ directory }) => {
  await using service = await startWeak(directory);
  const object = await uploadDisk(service.options);
  expect(object).toMatchObject({ provenBy: 'etag', outcome: 'uploaded', checksum: { type: 'FULL_OBJECT' } });
  expect(service.objects.get(service.path)?.bytes.equals(service.disk.bytes)).toBe(true);
  expect(service.requests.filter(({ method, headers }) => method === 'GET' && headers.range)).toEqual([]);
});

test.for(['kms', 'random'] as const)(
  'without checksums, and with %s ETags, the object is read back',
  async (etags, { directory }) => {
    await using service = await startWeak(directory, { etags });
    expect(await uploadDisk(service.options)).toMatchObject({ provenBy: 'read-back', outcome: 'uploaded' });
    const ranges = service.requests.flatMap(({ headers }) => headers.range ?? []);
    expect(ranges).toEqual([
      `bytes=0-${partSize - 1}`,
      `bytes=${partSize}-${2 * partSize - 1}`,
      `bytes=${2 * partSize}-${size - 1}`,
    ]);
  },
);

test.for(['md5', 'kms'] as const)(
  'a part stored otherwise than sent is found by %s ETags or by reading back',
  async (etags, { directory }) => {
    let spoilt = 0;
    await using service = await startWeak(directory, {
      etags,
      spoil: (body, number) => {
        if (number !== 2 || spoilt++ > 0) return body;
        const other = Buffer.from(body);
        other[1234]! ^= 4;
        return other;
      },
    });
    expect(await uploadDisk(service.options)).toMatchObject({ outcome: 'uploaded' });
    expect(service.options.notices.join()).toContain('part 2');
    expect(service.objects.get(service.path)?.bytes.equals(service.disk.bytes)).toBe(true);
  },
);

test('what is stored otherwise each time is an error that names the part', async ({ directory }) => {
  await using service = await startWeak(directory, {
    etags: 'kms',
    spoil: (body, number) => (number === 3 ? Buffer.from(body).fill(0, 9, 10) : body),
  });
  await expect(uploadDisk(service.options)).rejects.toMatchObject({
    code: 'UPLOAD_CORRUPTED',
    partNumbers: [3],
  });
  expect(service.objects.size).toBe(0);
});

test('an object that is reported otherwise than it was sent is deleted and sent again', async ({
  directory,
}) => {
  let misreported = 0;
  await using service = await startWeak(directory, {
    intercept: (request, response) => {
      const object = service.objects.get(service.path);
      if (request.method !== 'HEAD' || !object || misreported++ > 0) return false;
      response.writeHead(200, {
        etag: `"${object.etag}"`,
        'content-length': size,
        'last-modified': object.modified.toUTCString(),
        'x-amz-checksum-crc32': 'AAAAAA==',
        'x-amz-checksum-type': 'FULL_OBJECT',
      });
      response.end();
      return true;
    },
  });
  expect(await uploadDisk(service.options)).toMatchObject({ outcome: 'uploaded', bytesSent: 2 * size });
  expect(service.options.notices.join()).toContain('in an unidentified part; ec2-image deleted');
});

test('a second run compares what is there with the disk, and uses it', async ({ directory }) => {
  await using service = await startWeak(directory, { etags: 'kms' });
  await uploadDisk(service.options);
  expect(await findObject(service.options)).toBeUndefined();
  expect(await uploadDisk(service.options)).toMatchObject({ outcome: 'found', provenBy: 'read-back' });
});

test('an upload of many pages of parts is resumed to the last of them; KMS parts prove nothing and are sent again', async ({
  directory,
}) => {
  for (const [etags, bytesSent] of [
    ['md5', 0],
    ['kms', size],
  ] as const) {
    await using service = await startWeak(directory, { etags, pageSize: 1 });
    const stopped = { ...service.options, beforeComplete: () => Promise.reject(new Error('stopped')) };
    await expect(uploadDisk(stopped)).rejects.toThrow('stopped');
    expect(await uploadDisk(service.options)).toMatchObject({ outcome: 'resumed', bytesSent });
  }
});

test('many pages of open uploads are all seen, and cleared in the end', async ({ directory }) => {
  await using service = await startWeak(directory, { pageSize: 2 });
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    service.uploads.set(id, { key: service.path, metadata: {}, parts: new Map() });
  }
  await uploadDisk(service.options);
  expect(service.uploads.size).toBe(0);
});

test('a service without conditional writes is asked first, and then written to', async ({ directory }) => {
  await using service = await startWeak(directory, { unconditional: true });
  expect(await uploadDisk(service.options)).toMatchObject({ outcome: 'uploaded' });
  const again = { ...service.options, fresh: true };
  expect(await uploadDisk(again)).toMatchObject({ outcome: 'uploaded' });
});

test('a broken read-back resumes with the part that broke', async ({ directory }) => {
  let broken = 0;
  await using service = await startWeak(directory, {
    etags: 'kms',
    intercept: (request, response) => {
      if (!request.headers.range?.startsWith(`bytes=${partSize}-`) || broken++ > 0) return false;
      response.writeHead(206, { 'content-length': partSize });
      response.write(Buffer.alloc(1000));
      setImmediate(() => response.destroy());
      return true;
    },
  });
  expect(await uploadDisk(service.options)).toMatchObject({ provenBy: 'read-back' });
  expect(service.requests.filter(({ headers }) => headers.range)).toHaveLength(4);
});

test('an abort hangs up on the parts under way at once', async ({ directory }) => {
  const hungUp = Promise.withResolvers<void>();
  const stop = new AbortController();
  await using service = await startWeak(directory, {
    intercept: async (request, response) => {
      if (request.method !== 'PUT') return false;
      response.once('close', hungUp.resolve);
      await readBody(request);
      stop.abort(new Error('Ctrl-C'));
      return true;
    },
  });
  await expect(uploadDisk({ ...service.options, concurrency: 1, signal: stop.signal })).rejects.toThrow(
    'Ctrl-C',
  );
  await hungUp.promise;
  expect(service.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
});

test('parts go over the wire plainly: no Expect, no chunks, their CRC32 signed and announced', async ({
  directory,
}) => {
  await using service = await startWeak(directory);
  await uploadDisk(service.options);
  const parts = service.requests.filter(({ method }) => method === 'PUT');
  expect(parts).toHaveLength(3);
  for (const { headers } of parts) {
    expect(headers).toMatchObject({
      'content-length': expect.stringMatching(/^\d+$/),
      'x-amz-checksum-crc32': expect.stringMatching(/=$/),
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      authorization: expect.stringMatching(/SignedHeaders=[^,]*x-amz-checksum-crc32/),
    });
    expect(headers).not.toHaveProperty('expect');
    expect(headers).not.toHaveProperty('transfer-encoding');
    expect(headers).not.toHaveProperty('content-encoding');
  }
});
