import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const root = new URL('../../', import.meta.url);

interface Field {
  readonly type: string;
  readonly id?: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly validations?: Readonly<Record<string, unknown>>;
}

/**
 * What GitHub reads of each type of field:
 * https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema
 */
const attributes: Readonly<Record<string, readonly string[]>> = {
  textarea: ['label', 'description', 'placeholder', 'value', 'render'],
  input: ['label', 'description', 'placeholder', 'value'],
};

function problemsOfForm(text: string): string[] {
  const { name, description, body, ...others }: { body: readonly Field[] } & Record<string, unknown> =
    parse(text);
  const ids = body.map(({ id }) => id);
  return [
    ...Object.entries({ name, description }).flatMap(([key, value]) =>
      typeof value === 'string' && value !== '' ? [] : [`${key} is missing`],
    ),
    ...Object.keys(others)
      .filter((key) => !['title', 'labels', 'assignees', 'projects', 'type'].includes(key))
      .map((key) => `${key} is not known`),
    ...(new Set(ids).size === ids.length ? [] : ['two fields have one id']),
    ...body.flatMap(problemsOfField),
  ];
}

function problemsOfField({ type, id, attributes: given = {}, validations = {} }: Field): string[] {
  const known = attributes[type];
  if (!known) return [`${id}: ${type} is not known`];
  return [
    ...(/^[\w-]+$/.test(id ?? '') ? [] : [`${id} is not an id`]),
    ...(typeof given.label === 'string' ? [] : [`${id}: label is missing`]),
    ...Object.keys(given).flatMap((key) => (known.includes(key) ? [] : [`${id}: ${key} is not known`])),
    ...Object.entries(validations).flatMap(([key, value]) =>
      key === 'required' && typeof value === 'boolean' ? [] : [`${id}: ${key} is not known`],
    ),
  ];
}

const forms = globSync('.github/ISSUE_TEMPLATE/*.yml', { cwd: root }).filter(
  (path) => basename(path) !== 'config.yml',
);

test.each(forms)('%s is a form that GitHub reads', (path) => {
  expect(problemsOfForm(readFileSync(new URL(path, root), 'utf8'))).toEqual([]);
});

test('there are forms, and the check finds what GitHub does not read', () => {
  expect(forms.length).toBeGreaterThan(1);
  const wrong = `
name: A form
labls: []
body:
  - { type: input, id: one, attributes: { label: One, render: json } }
  - { type: text, id: two, attributes: { label: Two } }
  - { type: textarea, id: one, validations: { require: true } }
`;
  expect(problemsOfForm(wrong)).toEqual([
    'description is missing',
    'labls is not known',
    'two fields have one id',
    'one: render is not known',
    'two: text is not known',
    'one: label is missing',
    'one: require is not known',
  ]);
});
