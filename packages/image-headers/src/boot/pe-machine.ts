/** PE/COFF specification, "Machine Types". */
const machines: ReadonlyMap<number, 'x86_64' | 'arm64'> = new Map([
  [0x8664, 'x86_64'],
  [0xaa64, 'arm64'],
]);

/**
 * For which machine a PE program is, as EFI programs are: `MZ`, at 60 where `PE\0\0` stands, behind it the machine.
 *
 * @param head its first 4 KiB
 * @returns undefined of what is no such program, or for another machine
 */
export function readPeMachine(head: Buffer): 'x86_64' | 'arm64' | undefined {
  if (head.length < 64 || head.toString('latin1', 0, 2) !== 'MZ') return undefined;
  const at = head.readUInt32LE(60);
  if (at > head.length - 6 || head.toString('latin1', at, at + 4) !== 'PE\0\0') return undefined;
  return machines.get(head.readUInt16LE(at + 4));
}
