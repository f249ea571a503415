import { beforeEach } from 'vitest';

/**
 * The files that take the most time, and how large a share of their tests `npm test` runs: which ones, `EC2_IMAGE_SEED`
 * says. `test:all` runs all of them, and so does who names a file. In each, a test stands by itself.
 */
const shares: Readonly<Record<string, number>> = {
  'cli/test/boot-mode.test.ts': 1 / 2,
  'cli/test/changing-image.test.ts': 1 / 3,
  'cli/test/corrupt-object.test.ts': 1 / 2,
  'cli/test/corruption-matrix.test.ts': 1 / 3,
  'cli/test/ebs.test.ts': 1 / 2,
  'cli/test/encryption.test.ts': 1 / 2,
  'cli/test/iam/policies.test.ts': 1 / 2,
  'cli/test/interrupt.test.ts': 1 / 2,
  'cli/test/lost-output.test.ts': 1 / 2,
  'cli/test/network/failures.test.ts': 1 / 2,
  'cli/test/proof.test.ts': 1 / 2,
  'cli/test/publish/publish.test.ts': 1 / 2,
  'cli/test/sending/behind-download.test.ts': 1 / 2,
  'cli/test/trust.test.ts': 1 / 2,
  'convert/test/archives.test.ts': 1 / 2,
  'convert/test/convert-image.test.ts': 1 / 2,
  'convert/test/decompress.test.ts': 1 / 2,
  'convert/test/processes.test.ts': 1 / 2,
  'ebs-direct/test/verify-snapshot.test.ts': 1 / 2,
  'ebs-direct/test/write-snapshot.test.ts': 1 / 3,
  's3-upload/test/corruption.test.ts': 1 / 2,
};

if (process.env.EC2_IMAGE_TEST === 'sample') {
  beforeEach(({ task, skip }) => {
    const share = Object.entries(shares).find(([path]) =>
      task.file.filepath.endsWith(`/packages/${path}`),
    )?.[1];
    if (share !== undefined)
      skip(fraction(`${process.env.EC2_IMAGE_SEED} ${task.fullName}`) >= share, 'not in this sample');
  });
}

/** From 0 to 1, as evenly as the text is random: the 32 bits of FNV-1a, mixed once more. */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}
