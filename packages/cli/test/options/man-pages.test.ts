import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { commandNames } from '../../src/options/commands.ts';
import { optionsOf } from '../../src/options/option.ts';
import { optionTable } from '../../src/options/table.ts';
import { manPages, renderMainManPage, renderManPage } from '../../src/render/man-page.ts';

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const man = path('man');

describe('the man pages', () => {
  // `vitest run packages/cli/test/options -u` writes them.
  test('ec2-image.1', async () => {
    await expect(renderMainManPage()).toMatchFileSnapshot(`${man}/ec2-image.1`);
  });

  test.each(commandNames)('ec2-image-%s.1', async (command) => {
    await expect(renderManPage(command)).toMatchFileSnapshot(`${man}/ec2-image-${command}.1`);
  });

  test('are all there, and all in the package', async () => {
    const { man: published, files } = JSON.parse(await readFile(path('package.json'), 'utf8'));
    expect(manPages).toEqual(expect.arrayContaining(await readdir(man)));
    expect(published).toEqual(manPages.map((name) => `./man/${name}`));
    expect(files).toContain('man');
  });

  test('are right for mandoc', async () => {
    // Their date would be that of a release.
    for (const input of [renderMainManPage(), ...commandNames.map(renderManPage)]) {
      const { stdout } = await execa('mandoc', ['-Tlint', '-W', 'warning'], { input, reject: false });
      expect(stdout.split('\n').filter((line) => line && !line.includes('missing date'))).toEqual([]);
    }
  });

  test('show every option, and examples as they are typed', async () => {
    const { stdout } = await execa('mandoc', ['-Tascii', '-O', 'width=200'], {
      input: renderManPage('import'),
    });
    // Bold is struck twice.
    const shown = stdout.replaceAll(/.[\b]/g, '');
    for (const [key] of optionsOf(optionTable, 'import'))
      expect(shown).toMatch(new RegExp(`^ +--${key}( |$)`, 'm'));
    expect(shown).toMatch(/^ +ec2-image import --name fedora-aws --arch x86_64 \\$/m);
  });
});
