import * as api from '@ec2-image/explained-error';
import {
  ExplainedError,
  errorCodeGroups,
  errorCodes,
  isErrorCode,
  isExplained,
} from '@ec2-image/explained-error';
import { expect, test } from 'vitest';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual([
    'ExplainedError',
    'errorCodeGroups',
    'errorCodes',
    'isErrorCode',
    'isExplained',
    'isImageCode',
  ]);
});

test('the facts are fields, and never replace what an error already is', () => {
  const cause = new Error('below');
  const error = new ExplainedError('HTTP_NOT_FOUND', 'it was deleted', {
    hint: 'Look elsewhere.',
    cause,
    facts: { status: 404, message: 'other', code: 'OTHER' },
  });
  expect(error).toMatchObject({
    code: 'HTTP_NOT_FOUND',
    message: 'it was deleted',
    hint: 'Look elsewhere.',
    status: 404,
  });
  expect(error.cause).toBe(cause);
});

test('an error is explained by its shape, not by its class', () => {
  expect(isExplained(Object.assign(new Error('x'), { code: 'A', hint: 'b' }))).toBe(true);
  expect(isExplained(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe(false);
  expect(isExplained({ code: 'A', hint: 'b' })).toBe(false);
});

test('every code stands in one group, and has a meaning and a remedy in sentences', () => {
  const listed = Object.values(errorCodeGroups).flatMap((group) => Object.keys(group));
  expect(new Set(listed).size).toBe(listed.length);
  expect(listed.toSorted()).toEqual(Object.keys(errorCodes).toSorted());
  for (const [code, { means, remedy }] of Object.entries(errorCodes)) {
    expect(code).toMatch(/^[A-Z][A-Z0-9_]+$/);
    for (const sentence of [means, remedy]) expect(sentence, code).toMatch(/^\S.*\.$/);
  }
});

test('only a code of the table is one', () => {
  expect(isErrorCode('IMPORT_FAILED')).toBe(true);
  expect(isErrorCode('toString')).toBe(false);
  expect(isErrorCode('ENOENT')).toBe(false);
});
