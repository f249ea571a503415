import type { ArchiveFormat } from '@ec2-image/image-headers';
import { printable } from '@ec2-image/redact';
import { ConvertError } from '../errors.ts';

const downloadAgain = 'Download the image again and compare its checksum with the published one.';

export function corruptArchive(archive: ArchiveFormat, why: string, cause?: unknown): ConvertError {
  return new ConvertError('CORRUPT_ARCHIVE', `the ${archive} archive is damaged: ${why}`, {
    hint: downloadAgain,
    cause,
    facts: { archive },
  });
}

export function truncatedArchive(archive: ArchiveFormat, cause?: unknown): ConvertError {
  return new ConvertError('CORRUPT_ARCHIVE', `the ${archive} archive ends before it is complete`, {
    hint: downloadAgain,
    cause,
    facts: { archive },
  });
}

/** What no archive of an image needs, and what others than its publisher would put in. */
export function unsafeArchive(archive: ArchiveFormat, name: string, what: string): ConvertError {
  return new ConvertError('UNSAFE_ARCHIVE', `the ${archive} archive holds ${what}: ${shownName(name)}`, {
    hint: 'Use an archive that holds nothing but one disk image and files that describe it.',
    facts: { archive, name: shownName(name) },
  });
}

/** A name inside an archive is shown, never used as a path. */
export function shownName(name: string): string {
  return JSON.stringify(printable(name, { maxLength: 120 }));
}
