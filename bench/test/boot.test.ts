import { expect, test } from 'vitest';
import { bootImage } from '../src/boot.ts';
import { debianImages, smallImages } from '../src/system-images.ts';

test.each([
  ['Debian, by UEFI', debianImages, 'x86_64', 'uefi'],
  ["Debian's kernel and busybox, by a BIOS", () => smallImages('bios'), 'x86_64', 'legacy-bios'],
  ["Debian's kernel and busybox for arm64", () => smallImages('arm64'), 'arm64', 'uefi'],
] as const)(
  '%s: imported, it boots on the emulator to its login prompt',
  { timeout: 60 * 60_000 },
  async (_, makeImages, architecture, found) => {
    const { bootMode, bootTest, tags } = await bootImage(await makeImages(), architecture);
    expect(bootMode).toMatchObject({ found });
    expect(bootTest).toMatchObject({ booted: true, reason: expect.stringContaining('the console matches') });
    expect(bootTest.console.at(-1)).toMatch(/^debian login:/);
    expect(tags).toMatchObject({ 'ec2-image:boot-test': 'passed', 'ec2-image:boot-mode': found });
  },
);
