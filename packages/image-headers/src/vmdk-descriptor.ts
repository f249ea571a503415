import { ImageHeaderError } from './errors.ts';
import { quoted } from './quoted.ts';

const singleFileTypes = ['monolithicSparse', 'streamOptimized'];
const noParent = 'ffffffff';

export interface VmdkExtent {
  readonly access: string;
  readonly sectors: string;
  readonly type: string;
  readonly fileName: string;
}

export interface VmdkDescriptor {
  /** Key and value of every `key=value` line, keys in lower case, quotes removed. */
  readonly settings: ReadonlyMap<string, readonly string[]>;
  readonly extents: readonly VmdkExtent[];
}

export function parseVmdkDescriptor(text: string): VmdkDescriptor {
  const settings = new Map<string, string[]>();
  const extents: VmdkExtent[] = [];
  for (const line of text.split(/[\r\n]+/)) {
    const extent = /^\s*(\w+)\s+([-+]?\w+)\s+(\w+)\s+"([^"]*)"?/.exec(line);
    const setting = /^\s*([\w.]+)\s*=\s*"?([^"]*)"?/.exec(line);
    if (extent) {
      extents.push({ access: extent[1]!, sectors: extent[2]!, type: extent[3]!, fileName: extent[4]! });
    } else if (setting) {
      const key = setting[1]!.toLowerCase();
      const values = settings.get(key);
      if (values) values.push(setting[2]!.trim());
      else settings.set(key, [setting[2]!.trim()]);
    }
  }
  return { settings, extents };
}

/**
 * The disk is this file alone: one sparse extent, named without a path, and no parent.
 *
 * @throws ImageHeaderError `VMDK_NOT_SELF_CONTAINED`, `DIFFERENCING_DISK`
 */
export function requireSelfContained(text: string): void {
  const { settings, extents } = parseVmdkDescriptor(text);
  const parents = settings.get('parentcid') ?? [];
  // QEMU finds the name anywhere in the text, a comment included.
  if (
    text.toLowerCase().includes('parentfilenamehint') ||
    parents.some((id) => id.toLowerCase() !== noParent)
  ) {
    throw new ImageHeaderError('DIFFERENCING_DISK', 'the VMDK holds only the changes to a parent disk', {
      hint: 'Export the whole disk, not a snapshot or a linked clone.',
    });
  }
  const types = settings.get('createtype') ?? [];
  const [type] = types;
  if (types.length !== 1 || !singleFileTypes.includes(type!)) {
    throw notSelfContained(types.length > 1 ? 'it names several types' : `its type is ${quoted(type ?? '')}`);
  }
  const [extent] = extents;
  if (!extent || extents.length !== 1) throw notSelfContained(`it has ${extents.length} extents`);
  if (extent.type !== 'SPARSE') throw notSelfContained(`its extent is of type ${quoted(extent.type)}`);
  if (/[/\\:]|^\.*$/.test(extent.fileName)) {
    throw notSelfContained(`its extent is named ${quoted(extent.fileName)}`);
  }
}

function notSelfContained(why: string): ImageHeaderError {
  return new ImageHeaderError('VMDK_NOT_SELF_CONTAINED', `the VMDK is not a single file: ${why}`, {
    hint: `Use a VMDK of type ${singleFileTypes.join(' or ')}, which holds the disk itself.`,
  });
}
