import { type ByteSource, readSpan } from './byte-source.ts';
import { corrupt, ImageHeaderError } from './errors.ts';
import { quoted } from './quoted.ts';

const extension = { end: 0, dataFile: 0x44415441, encryption: 0x0537be77, backingFormat: 0xe2792aca };
/** QEMU's room for the name of a format. */
const maxFormatLength = 15;
/** As much of a name as QEMU takes of a backing file's. */
const maxNameLength = 1023;

/**
 * Walks the header extensions as QEMU does, whatever the feature bits say: a data file's name or an encryption
 * header is refused even where its feature bit is clear.
 *
 * @throws ImageHeaderError
 */
export async function requireNoForeignExtension(
  source: ByteSource,
  { offset, end }: { readonly offset: number; readonly end: number },
): Promise<void> {
  const area = await source.read(offset, end - offset);
  for (let at = 0; at + 8 <= area.length; ) {
    const type = area.readUInt32BE(at);
    const length = area.readUInt32BE(at + 4);
    if (at + 8 + length > end - offset) {
      throw corrupt(`a qcow2 header extension of ${length} bytes does not fit into the first cluster`);
    }
    if (type === extension.end) return;
    if (type === extension.backingFormat && length > maxFormatLength)
      throw corrupt(`the qcow2 image names a backing format of ${length} bytes`);
    if (type === extension.dataFile) {
      const name = await readSpan(source, {
        offset: offset + at + 8,
        length: Math.min(length, maxNameLength),
        what: 'a qcow2 header extension',
      });
      throw externalDataFile(name);
    }
    if (type === extension.encryption) {
      throw new ImageHeaderError('ENCRYPTED_IMAGE', 'the qcow2 image has an encryption header', {
        hint: 'Decrypt it first (qemu-img convert with its secret); EBS encrypts the snapshot itself.',
      });
    }
    at += 8 + Math.ceil(length / 8) * 8;
  }
}

export function externalDataFile(name?: Buffer): ImageHeaderError {
  return new ImageHeaderError(
    'EXTERNAL_DATA_FILE',
    `the qcow2 image keeps its data in another file${name ? `: ${quoted(name)}` : ''}`,
    { hint: 'Convert it to a self-contained qcow2 where its data file is (qemu-img convert -O qcow2).' },
  );
}
