import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isEndedSsoSession } from '../../packages/cli/src/aws/explain-provider.ts';
import { withoutUrlSecrets } from '../../packages/cli/src/config/yaml-secrets.ts';
import { reasonIn } from '../../packages/cli/src/doctor/evidence.ts';
import { parseChecksumFile } from '../../packages/fetch/src/checksum/checksum-file.ts';
import { parseChecksumJson } from '../../packages/fetch/src/checksum/checksum-json.ts';
import { digestIn, parseChecksumLines } from '../../packages/fetch/src/checksum/checksum-lines.ts';
import { readClearSigned } from '../../packages/fetch/src/checksum/clear-signed.ts';
import { looksLikeHtml } from '../../packages/fetch/src/html.ts';
import { dispositionName, urlNames } from '../../packages/fetch/src/image-names.ts';
import { armoredBlocks } from '../../packages/fetch/src/signature/armor.ts';
import { substituted } from '../../packages/iam-policy/src/pattern.ts';
import { requestContext } from '../../packages/iam-policy/src/request-context.ts';
import { quoted } from '../../packages/image-headers/src/quoted.ts';
import {
  parseVmdkDescriptor,
  requireSelfContained,
} from '../../packages/image-headers/src/vmdk-descriptor.ts';
import { parseDigest } from '../../packages/provenance/src/digest.ts';
import { printable } from '../../packages/redact/src/printable.ts';
import { redactText, redactUrl } from '../../packages/redact/src/redact-url.ts';
import { redactValue } from '../../packages/redact/src/redact-value.ts';

/** Every function that reads text of other people: publishers, servers, images, tools. */
const readers: Readonly<Record<string, (text: string) => unknown>> = {
  parseChecksumFile: (text) => parseChecksumFile({ content: Buffer.from(text), url: 'x' }),
  parseChecksumJson,
  parseChecksumLines,
  digestIn,
  parseDigest,
  readClearSigned: (text) => readClearSigned({ content: Buffer.from(text), url: 'x' }),
  armoredBlocks: (text) => armoredBlocks(text, 'PGP SIGNATURE'),
  looksLikeHtml: (text) => looksLikeHtml(Buffer.from(text)),
  dispositionName,
  urlNames: (text) => urlNames({ kind: 'local', path: text, shown: '' }),
  printable: (text) => printable(text),
  'printable, cut': (text) => printable(text, { maxLength: 100 }),
  redactText,
  redactUrl,
  redactValue,
  withoutUrlSecrets,
  reasonIn,
  isEndedSsoSession,
  substituted: (text) => substituted(`\${${text}}`, requestContext({})),
  quoted,
  parseVmdkDescriptor,
  requireSelfContained,
};

/** What the grammars of these texts are made of: runs of them make a search start again, or turn back. */
const tokens = [
  ...' \t\r\n-=:;/\\"\'()<>[]{}@?#%.,*+~!0aA',
  ...[
    '://',
    'a://',
    'https://',
    'a@',
    ': ',
    '- ',
    '\\n',
    '\\"',
    '""',
    '{"a":',
    '[[',
    ...['%41', '%2F', '%252F', '%40', '%2540', '%3F'],
    'a.',
    '\u200b',
    '\u{1f600}',
  ],
  ...['SHA256 (', ') = ', 'sha512-', 'RW 1 FLAT "', 'createType="', '; filename=', "; filename*=utf-8''"],
  ...[
    '-----BEGIN PGP SIGNED MESSAGE-----\n',
    '-----BEGIN PGP SIGNATURE-----\n',
    '-----END PGP SIGNATURE-----\n',
  ],
  ...[' on resource: ', ' with an explicit deny in a ', 'sso session', '${', "', '"],
  ...['Hash: SHA256\n', '<html', '0'.repeat(64), '0'.repeat(128), 'f'.repeat(31)],
];
const token = fc.constantFrom(...tokens);
const text = fc.array(token, { maxLength: 4 }).map((parts) => parts.join(''));
const adversary = fc.record({
  prefix: text,
  unit: fc.array(token, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('')),
  suffix: text,
});

const small = 24 * 1024;
const factor = 4;
/** Below this the clock, the collector and the compiler decide. */
const negligibleMs = 25;

const isExhaustive = process.env.EC2_IMAGE_TEST === 'all';
const seed = Number(process.env.EC2_IMAGE_SEED ?? Math.floor(Math.random() * 1e9));

/** Of the processor, the least of several runs: other programs of the machine do not count. */
function workMs(read: (text: string) => unknown, text: string, runs: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs && (run === 0 || least > negligibleMs); run++) {
    const before = process.cpuUsage();
    try {
      read(text);
    } catch {
      // A refusal is an answer: what it cost is the question.
    }
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

test.each(Object.entries(readers))(
  `%s takes time in proportion to what it reads (EC2_IMAGE_SEED=${seed})`,
  (_, read) => {
    fc.assert(
      fc.property(adversary, ({ prefix, unit, suffix }) => {
        const ofLength = (length: number) => prefix + unit.repeat(Math.ceil(length / unit.length)) + suffix;
        const large = workMs(read, ofLength(small * factor), 3);
        if (large <= negligibleMs) return;
        const least = Math.max(workMs(read, ofLength(small), 3), negligibleMs / factor);
        // Twice the proportion: a quadratic one has four times.
        expect(large, `ms for ${factor} times as much as in ${least} ms`).toBeLessThan(2 * factor * least);
      }),
      { seed, numRuns: isExhaustive ? 5000 : 150 },
    );
  },
);

test('a reader in quadratic time is found', () => {
  const read = (text: string) => / +$/.exec(text);
  const [few, many] = [3000, 3000 * factor].map((length) => workMs(read, `${' '.repeat(length)}x`, 3));
  expect(many).toBeGreaterThan(negligibleMs);
  expect(many).toBeGreaterThan(2 * factor * few!);
});
