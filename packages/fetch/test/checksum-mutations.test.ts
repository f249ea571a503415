import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FetchError, type Keyring, readChecksum, readKeyring } from '@ec2-image/fetch';
import { openGpg } from '@ec2-image/sample-image';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { parseChecksumFile } from '../src/checksum/checksum-file.ts';
import { digestOfBytes, temporaryDirectory } from './support/work.ts';

const fileName = 'disk.qcow2';
const genuine = digestOfBytes('genuine');
const forgedLine = `SHA256 (${fileName}) = ${digestOfBytes('forged').slice(7)}\n`;
const text = `# ${fileName}: 7 bytes\nSHA256 (${fileName}) = ${genuine.slice(7)}\n- dashed\nSHA256 (x) = ${'0'.repeat(64)}\n`;

let signed: Buffer;
let keyring: Keyring;
beforeAll(async () => {
  await using gpg = await openGpg();
  const key = await gpg.makeKey('ed25519');
  signed = await gpg.sign(key, text, ['--clear-sign']);
  keyring = await readKeyring({ path: await gpg.exportKeys([key]) });
}, 30_000);

const isExhaustive = process.env.EC2_IMAGE_TEST === 'all';
const seed = Number(process.env.EC2_IMAGE_SEED ?? Math.floor(Math.random() * 1e9));
const runs = { seed, numRuns: isExhaustive ? 20_000 : 400 };

/** What somebody might put anywhere in a file, to have it read in two ways. */
const inserts = [
  forgedLine,
  `\n${forgedLine}`,
  `- ${forgedLine}`,
  `\r${forgedLine}`,
  `\0${forgedLine}`,
  '-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n',
  '-----BEGIN PGP SIGNATURE-----\n\n',
  '-----END PGP SIGNATURE-----\n',
  'NotDashEscaped: You need GnuPG\n',
  'Hash: SHA256\n',
  '\n\n',
  ' '.repeat(5000),
  '\ufeff',
  '-',
  '\r',
  '\x80',
];

interface Mutation {
  readonly kind: 'insert' | 'remove' | 'flip' | 'repeat' | 'cut';
  readonly at: number;
  readonly length: number;
  readonly insert: string;
  readonly onLine: boolean;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('insert', 'insert', 'remove', 'flip', 'repeat', 'cut'),
  at: fc.nat(),
  length: fc.integer({ min: 1, max: 200 }),
  insert: fc.constantFrom(...inserts),
  // Most of what a line-wise reader gets wrong is where lines begin.
  onLine: fc.boolean(),
});

function mutate(content: Buffer, { kind, at, length, insert, onLine }: Mutation): Buffer {
  if (content.length === 0) return content;
  const anywhere = at % content.length;
  const place = onLine ? content.lastIndexOf('\n', anywhere) + 1 : anywhere;
  const [before, after] = [content.subarray(0, place), content.subarray(place)];
  if (kind === 'insert') return Buffer.concat([before, Buffer.from(insert), after]);
  if (kind === 'remove') return Buffer.concat([before, after.subarray(length)]);
  if (kind === 'repeat') return Buffer.concat([before, after.subarray(0, length), after]);
  if (kind === 'cut') return length % 4 === 0 ? before : content;
  const flipped = Buffer.from(content);
  flipped[place] = flipped[place]! ^ (1 << (length % 8));
  return flipped;
}

const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 });

/** Entries or an explained refusal, whatever the bytes. */
function expectEntriesOrRefusal(content: Buffer): void {
  try {
    for (const { digest } of parseChecksumFile({ content, url: 'CHECKSUM' }).entries)
      if (digest) expect(digest).toMatch(/^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/);
  } catch (error) {
    expect(error).toBeInstanceOf(FetchError);
    expect((error as FetchError).code).toMatch(/^CHECKSUM_/);
    expect((error as FetchError).message.length).toBeLessThan(500);
  }
}

const signedFileTest = `whatever becomes of a signed file, a digest that is believed is the signed one (EC2_IMAGE_SEED=${seed})`;

test(signedFileTest, { timeout: isExhaustive ? 900_000 : 60_000 }, async () => {
  const url = join(await temporaryDirectory(), 'CHECKSUM');
  const read = async (content: Buffer) => {
    await writeFile(url, content);
    return readChecksum({ url, imageUrl: `/images/${fileName}`, trust: { keyring } });
  };
  expect((await read(signed)).digest).toBe(genuine);
  await fc.assert(
    fc.asyncProperty(mutations, async (changes) => {
      const content = changes.reduce(mutate, signed);
      const outcome = await read(content).catch((error: unknown) => error);
      if (outcome instanceof Error) {
        expect(outcome, (outcome as Error).stack).toBeInstanceOf(FetchError);
        expect((outcome as FetchError).code).toMatch(/^(CHECKSUM|SIGNATURE)_/);
      } else expect(outcome).toMatchObject({ digest: genuine });
    }),
    runs,
  );
  await rm(url);
});

const documents: readonly [string, string][] = [
  [
    'lines',
    `${genuine.slice(7)}  ${fileName}\n${genuine.slice(7)} *${fileName}\n\\${genuine.slice(7)}  a\\nb\n`,
  ],
  ['BSD lines', text],
  [
    'JSON',
    JSON.stringify({
      assets: [
        { name: fileName, digest: genuine },
        { url: 'https://h/%41', sha256: '0' },
      ],
    }),
  ],
  ['names first', `${fileName}: ${genuine.slice(7)}\nSHA256: ${genuine.slice(7)}\n`],
  ['nothing', '\n'],
];

test.each(documents)(
  `%s with bytes inserted, removed, flipped and repeated (EC2_IMAGE_SEED=${seed})`,
  (_, document) => {
    fc.assert(
      fc.property(mutations, fc.constantFrom('utf8', 'utf16le'), (changes, encoding) => {
        const whole = encoding === 'utf8' ? document : `\ufeff${document}`;
        expectEntriesOrRefusal(changes.reduce(mutate, Buffer.from(whole, encoding)));
      }),
      runs,
    );
  },
);

test(`any bytes (EC2_IMAGE_SEED=${seed})`, () => {
  const starts = ['', '{"a":[', '-----BEGIN PGP SIGNED MESSAGE-----\n\n', '\\', '\ufeff', 'SHA256 ('];
  fc.assert(
    fc.property(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 300 }), (start, bytes) =>
      expectEntriesOrRefusal(Buffer.concat([Buffer.from(start), bytes])),
    ),
    runs,
  );
});
