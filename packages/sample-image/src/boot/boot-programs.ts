/*
 * The smallest programs that a machine boots: each prints a text on the console and then waits. Written by hand, so that a test
 * needs no assembler and no distribution.
 */

export type EfiArchitecture = 'x86_64' | 'arm64';

/**
 * 16-bit code for the first 440 bytes of an MBR: sends the text to the first serial port, byte by byte. Without interrupts: SeaBIOS
 * holds back the last character that it printed, and a timer of its would send that after the text.
 */
export function biosProgram(text: string): Buffer {
  const code = Buffer.from([
    ...[0xfa, 0x31, 0xc0, 0x8e, 0xd8], // cli; xor ax, ax; mov ds, ax
    ...[0xbe, 0x16, 0x7c], // mov si, text
    ...[0xba, 0xf8, 0x03], // mov dx, 0x3f8
    ...[0xac, 0x84, 0xc0, 0x74, 0x03], // next: lodsb; test al, al; jz wait
    ...[0xee, 0xeb, 0xf8], // out dx, al; jmp next
    ...[0xf4, 0xeb, 0xfd], // wait: hlt; jmp wait
  ]);
  const program = Buffer.concat([code, Buffer.from(`${text}\0`, 'latin1')]);
  if (program.length > 440) throw new RangeError('the text does not fit into a boot sector');
  return program;
}

/** An EFI program, as a PE file: prints the text by the firmware's own console. */
export function efiProgram(text: string, architecture: EfiArchitecture): Buffer {
  const message = Buffer.from(`${text}\0`, 'utf16le');
  const code = architecture === 'x86_64' ? x8664Code() : arm64Code();
  return peFile(Buffer.concat([code, message]), architecture);
}

/** rdx is the system table; its console output is at 64, and at 8 of that OutputString(this, text). */
function x8664Code(): Buffer {
  return Buffer.from([
    ...[0x48, 0x83, 0xec, 0x28], // sub rsp, 40
    ...[0x48, 0x8b, 0x4a, 0x40], // mov rcx, [rdx + 64]
    ...[0x48, 0x8d, 0x15, 0x07, 0x00, 0x00, 0x00], // lea rdx, [text]
    ...[0xff, 0x51, 0x08], // call [rcx + 8]
    ...[0xf4, 0x90, 0xeb, 0xfc], // wait: hlt; nop; jmp wait
  ]);
}

/** The same with the system table in x1. */
function arm64Code(): Buffer {
  const instructions = [
    0xf9402020, // ldr x0, [x1, #64]
    0xf9400402, // ldr x2, [x0, #8]
    0x10000081, // adr x1, text
    0xd63f0040, // blr x2
    0xd503207f, // wait: wfi
    0x17ffffff, // b wait
  ];
  const code = Buffer.alloc(instructions.length * 4);
  for (const [n, instruction] of instructions.entries()) code.writeUInt32LE(instruction, n * 4);
  return code;
}

const sectionStart = 0x1000;
const headerBytes = 0x200;

/** PE32+ with one section, and no more of headers than firmware asks for. */
function peFile(content: Buffer, architecture: EfiArchitecture): Buffer {
  const contentBytes = Math.ceil(content.length / 0x200) * 0x200;
  const file = Buffer.alloc(headerBytes + contentBytes);
  file.write('MZ', 0, 'latin1');
  file.writeUInt32LE(64, 60);
  file.write('PE\0\0', 64, 'latin1');
  const coff = 68;
  file.writeUInt16LE(architecture === 'x86_64' ? 0x8664 : 0xaa64, coff);
  file.writeUInt16LE(1, coff + 2); // sections
  file.writeUInt16LE(240, coff + 16); // bytes of the optional header
  file.writeUInt16LE(0x0022, coff + 18); // executable, large addresses
  const optional = coff + 20;
  file.writeUInt16LE(0x020b, optional);
  file.writeUInt32LE(contentBytes, optional + 4); // code
  file.writeUInt32LE(sectionStart, optional + 16); // entry point
  file.writeUInt32LE(sectionStart, optional + 20); // base of code
  file.writeUInt32LE(0x1000, optional + 32); // alignment in memory
  file.writeUInt32LE(0x200, optional + 36); // and in the file
  file.writeUInt32LE(sectionStart + 0x1000, optional + 56); // bytes in memory
  file.writeUInt32LE(headerBytes, optional + 60);
  file.writeUInt16LE(10, optional + 68); // an EFI application
  file.writeUInt32LE(16, optional + 108); // data directories, all empty
  const section = optional + 240;
  file.write('.text', section, 'latin1');
  file.writeUInt32LE(content.length, section + 8);
  file.writeUInt32LE(sectionStart, section + 12);
  file.writeUInt32LE(contentBytes, section + 16);
  file.writeUInt32LE(headerBytes, section + 20);
  file.writeUInt32LE(0x60000020, section + 36); // code, readable, executable
  content.copy(file, headerBytes);
  return file;
}
