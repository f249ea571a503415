import { ProvenanceError } from './errors.ts';

/** EC2's rule for AMI names (RegisterImage, `Name`): 3 to 128 of these characters. */
const amiNamePattern = /^[A-Za-z0-9()[\] ./\-'@_]{3,128}$/;

/**
 * `<name>-i<suffix>`.
 *
 * @throws ProvenanceError `BAD_AMI_NAME`
 */
export function amiNameOf({ name, suffix }: { readonly name: string; readonly suffix: string }): string {
  const amiName = `${name}-i${suffix}`;
  if (!amiNamePattern.test(amiName)) {
    throw new ProvenanceError('BAD_AMI_NAME', `not a valid AMI name: ${JSON.stringify(amiName)}`, {
      hint: "Use 3 to 128 of the characters A-Z a-z 0-9 ( ) [ ] space . / - ' @ _ in name and suffix together.",
      facts: { amiName },
    });
  }
  return amiName;
}

/** The parts of `<name>-i<suffix>`. A suffix may hold anything, so the last `-i` counts; undefined where there is none. */
export function parseAmiName(
  amiName: string,
): { readonly name: string; readonly suffix: string } | undefined {
  const at = amiName.lastIndexOf('-i');
  if (at < 1 || at + 2 === amiName.length) return undefined;
  return { name: amiName.slice(0, at), suffix: amiName.slice(at + 2) };
}
