import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { validateAction } from '@action-validator/core';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { parseConfig } from '../../src/config/read-config.ts';
import { documentSchema } from '../../src/documents/document-schemas.ts';
import type { PolicyName } from '../../src/iam/permission.ts';
import { createPolicy, permissionTable } from '../../src/iam/policy-document.ts';
import { createRolePolicy, createRoleTrust } from '../../src/iam/role-documents.ts';
import { renderAction } from '../../src/options/action.ts';
import { parseArguments } from '../../src/options/arguments.ts';
import { commandNames } from '../../src/options/commands.ts';
import { readGiven } from '../../src/options/given.ts';
import { amiOptions } from '../../src/options/groups/ami.ts';
import { bootTestOptions } from '../../src/options/groups/boot-test.ts';
import { checkOptions } from '../../src/options/groups/checks.ts';
import { cleanupOptions } from '../../src/options/groups/cleanup.ts';
import { accountOptions, outputOptions } from '../../src/options/groups/common.ts';
import { imageOptions } from '../../src/options/groups/image.ts';
import { inventoryOptions } from '../../src/options/groups/inventory.ts';
import { publishOptions } from '../../src/options/groups/publish.ts';
import { verifyOptions } from '../../src/options/groups/verify.ts';
import { wayOptions } from '../../src/options/groups/way.ts';
import { configurationSchema } from '../../src/options/json-schema.ts';
import { structured } from '../../src/options/kinds/maps.ts';
import { integer } from '../../src/options/kinds/numbers.ts';
import { type OptionTable, option } from '../../src/options/option.ts';
import { withOptionTable } from '../../src/options/readme-table.ts';
import { optionTable } from '../../src/options/table.ts';
import { renderCommandHelp } from '../../src/render/help.ts';

const root = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const policyNames = Object.keys(permissionTable) as PolicyName[];
/** Of nobody in particular. */
const anyScope = { regions: [], buckets: [], keyPrefixes: ['ec2-image/'] };
const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

describe('what is generated and committed is what the table gives', () => {
  // `vitest run packages/cli/test/options/generated.test.ts -u` writes them.
  test('docs/schema/ec2-image.schema.json', async () => {
    await expect(json(configurationSchema())).toMatchFileSnapshot(root('docs/schema/ec2-image.schema.json'));
  });

  test('the schema in the package', async () => {
    const path = 'packages/cli/schema/ec2-image.schema.json';
    await expect(json(configurationSchema())).toMatchFileSnapshot(root(path));
  });

  test.each(commandNames)('docs/schema/%s.schema.json', async (command) => {
    await expect(json(documentSchema(command))).toMatchFileSnapshot(
      root(`docs/schema/${command}.schema.json`),
    );
  });

  test.each(policyNames)('docs/iam/%s.json', async (name) => {
    const policy = createPolicy([name], anyScope);
    await expect(json(policy)).toMatchFileSnapshot(root(`docs/iam/${name}.json`));
  });

  test.each([
    ['role-trust', createRoleTrust],
    ['role-policy', createRolePolicy],
  ] as const)('docs/iam/%s.json', async (name, create) => {
    await expect(json(create(anyScope))).toMatchFileSnapshot(root(`docs/iam/${name}.json`));
  });

  test('action.yml', async () => {
    expect(validateAction(renderAction())).toMatchObject({ errors: [] });
    await expect(renderAction()).toMatchFileSnapshot(root('action.yml'));
  });

  test("the README's option table", async () => {
    const readme = root('README.md');
    await expect(withOptionTable(await readFile(readme, 'utf8'))).toMatchFileSnapshot(readme);
  });
});

test('no two groups have an option of the same key', () => {
  const files = [
    imageOptions,
    wayOptions,
    amiOptions,
    publishOptions,
    verifyOptions,
    bootTestOptions,
    inventoryOptions,
    cleanupOptions,
    checkOptions,
    accountOptions,
    outputOptions,
  ];
  const keys = files.flatMap((group) => Object.keys(group));
  expect(Object.keys(optionTable).sort()).toEqual(keys.sort());
});

describe('an option that is added to the table', () => {
  const table: OptionTable = {
    ...optionTable,
    'spin-rate': option({
      kind: integer({ min: 1, max: 9, metavar: 'RPM' }),
      help: 'Rotations of the disk',
      default: '7',
      group: 'ami',
      commands: ['import'],
      in: 'both',
    }),
    layout: option({
      kind: structured({
        schema: z.strictObject({ rows: z.number() }),
        jsonSchema: { type: 'object', properties: { rows: { type: 'number' } } },
      }),
      help: 'Layout of the disk',
      group: 'ami',
      commands: ['import'],
      in: 'image',
    }),
  };
  const given = (args: string[], env: Record<string, string> = {}) => {
    const { flags } = parseArguments('import', args, table);
    const { all } = readGiven({ command: 'import', flags, env, table });
    return Object.fromEntries(all);
  };

  test('is a flag, with its check', () => {
    expect(given(['--spin-rate', '3'])).toEqual({ 'spin-rate': 3 });
    expect(given(['--spin-rate=3', '--layout', '{"rows": 2}'])).toEqual({
      'spin-rate': 3,
      layout: { rows: 2 },
    });
    expect(() => given(['--spin-rate', '12'])).toThrow(
      '--spin-rate: expected a whole number from 1 to 9, not 12',
    );
    expect(() => given(['--spn-rate', '3'])).toThrow('unknown option --spn-rate. Did you mean --spin-rate?');
    expect(() => parseArguments('janitor', ['--spin-rate', '3'], table)).toThrow(
      'unknown option --spin-rate',
    );
  });

  test('is a variable, which a flag wins over', () => {
    const env = { EC2_IMAGE_SPIN_RATE: '4', EC2_IMAGE_LAYOUT: '{"rows": 1}' };
    expect(given([], env)).toEqual({ 'spin-rate': 4, layout: { rows: 1 } });
    expect(given(['--spin-rate', '5'], env)).toMatchObject({ 'spin-rate': 5 });
    expect(() => given([], { EC2_IMAGE_SPIN_RATE: 'x' })).toThrow(
      'EC2_IMAGE_SPIN_RATE: expected a whole number',
    );
  });

  test('is a key of the configuration, where the entry allows it', () => {
    const read = (source: string) => parseConfig({ path: 'a.yaml', source, env: { RPM: '8' }, table }).config;
    expect(read('spin-rate: ${RPM}\nimages:\n  a: {spin-rate: 2, layout: {rows: 3}}\n')).toMatchObject({
      'spin-rate': 8,
      images: { a: { 'spin-rate': 2, layout: { rows: 3 } } },
    });
    expect(() => read('layout: {rows: 3}\n')).toThrow('a.yaml:1: layout: belongs under an image');
    expect(() => read('images:\n  a: {layout: {rows: x}}\n')).toThrow('a.yaml:2: images.a.layout.rows: ');
  });

  test('is in the help, in the JSON Schema and in the README', async () => {
    expect(renderCommandHelp('import', { table })).toMatch(
      /^AMI:$[\s\S]*^ {2}--spin-rate RPM +Rotations of the disk \(default: 7\)$/m,
    );
    expect(renderCommandHelp('janitor', { table })).not.toContain('spin-rate');
    expect(configurationSchema(table)).toMatchObject({
      properties: {
        'spin-rate': { description: 'Rotations of the disk (default: 7)' },
        images: { additionalProperties: { properties: { 'spin-rate': {}, layout: {} } } },
      },
    });
    expect(withOptionTable(await readFile(root('README.md'), 'utf8'), table)).toContain(
      '| `--spin-rate RPM` | import | top, image | Rotations of the disk (default: 7) |',
    );
  });
});
