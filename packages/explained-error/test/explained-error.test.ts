import * as api from '@ec2-image/explained-error';
import { ExplainedError, isExplained } from '@ec2-image/explained-error';
import { expect, test } from 'vitest';

test('the exported names', () => {
  expect(Object.keys(api).sort()).toEqual(['ExplainedError', 'isExplained']);
});

test('the facts are fields, and never replace what an error already is', () => {
  const cause = new Error('below');
  const error = new ExplainedError('NOT_FOUND', 'it is gone', {
    hint: 'Look elsewhere.',
    cause,
    facts: { status: 404, message: 'other', code: 'OTHER' },
  });
  expect(error).toMatchObject({
    code: 'NOT_FOUND',
    message: 'it is gone',
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
