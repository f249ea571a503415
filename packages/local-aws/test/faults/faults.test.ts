import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFaults, type FaultTarget } from '../../src/faults/faults.ts';
import { parseFaultFile } from '../../src/faults/parse-rule.ts';
import { faultError } from '../../src/faults/presets.ts';
import type { FaultRule } from '../../src/faults/rules.ts';

const drop = { kind: 'drop' } as const;
const part = (partNumber: string): FaultTarget => ({
  service: 's3',
  operation: 'UploadPart',
  parameters: { bucket: 'b', key: 'disks/a.vhdx', partNumber },
  mutating: true,
});

function struckOf(rule: FaultRule, targets: readonly FaultTarget[]): number[] {
  const faults = createFaults([rule]);
  return targets.flatMap((target, index) => (faults.strike(target).length > 0 ? [index + 1] : []));
}

describe('which calls a rule strikes', () => {
  const parts = ['1', '2', '3', '4', '5'].map(part);
  test.each<[string, FaultRule, number[]]>([
    ['the first, unless it says which', { action: drop }, [1]],
    ['the third', { nth: 3, action: drop }, [3]],
    ['two from the second on', { nth: 2, times: 2, action: drop }, [2, 3]],
    ['every one', { times: 'always', action: drop }, [1, 2, 3, 4, 5]],
    ['none of another service', { match: { service: 'ec2' }, times: 'always', action: drop }, []],
    ['those of an operation', { match: { operation: 'UploadPart' }, nth: 2, action: drop }, [2]],
    ['those with a parameter', { match: { parameters: { partNumber: '4' } }, action: drop }, [4]],
    ['those under a pattern', { match: { parameters: { key: 'disks/*.vhdx' } }, action: drop }, [1]],
    [
      'none with a parameter that the call has not',
      { match: { parameters: { uploadId: '*' } }, action: drop },
      [],
    ],
    ['none that only reads', { match: { mutating: false }, times: 'always', action: drop }, []],
  ])('%s', (_, rule, struck) => expect(struckOf(rule, parts)).toEqual(struck));

  test('a pattern means what it would as a regular expression', () => {
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 });
    fc.assert(
      fc.property(piece, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }), (pattern, value) => {
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`);
        const target = { service: 's3', operation: 'GetObject', parameters: { key: value } } as const;
        const rule = { match: { parameters: { key: pattern } }, action: drop };
        expect(struckOf(rule, [target]).length > 0).toBe(expression.test(value));
      }),
    );
  });
});

test('a service takes the actions of its kind, and only those count', () => {
  const faults = createFaults([{ nth: 2, action: { kind: 'flip-bit', offset: 7 } }]);
  expect(faults.take('truncate', part('1'))).toBeUndefined();
  expect(faults.strike(part('1'))).toEqual([]);
  expect(faults.take('flip-bit', part('1'))).toBeUndefined();
  expect(faults.take('flip-bit', part('2'))).toEqual({ kind: 'flip-bit', offset: 7 });
  expect(faults.take('flip-bit', part('3'))).toBeUndefined();
  expect(faults.list()).toMatchObject([{ matched: 3, struck: 1 }]);
});

test('a test can await, replace and remove a rule', async () => {
  const faults = createFaults();
  const handle = faults.add({ id: 'one', action: drop });
  const [struck] = faults.strike(part('1'));
  let begun = false;
  handle.struck.then(() => {
    begun = true;
  });
  await Promise.resolve();
  expect(begun).toBe(false);
  struck?.begin();
  expect(await handle.struck).toMatchObject({ operation: 'UploadPart' });
  faults.add({ id: 'one', nth: 9, action: { kind: 'hang' } });
  expect(struck?.removed.aborted).toBe(true);
  expect(faults.list()).toMatchObject([{ id: 'one', nth: 9, matched: 0 }]);
  expect(faults.remove('one')).toBe(true);
  expect(faults.remove('one')).toBe(false);
});

describe('an invalid rule is refused, naming the field', () => {
  test.each<[string, unknown, RegExp]>([
    ['no rule', 'drop', /a fault must be an object/],
    ['a misspelt field', { action: drop, time: 2 }, /unknown fields time; supported fields: id, match, nth/],
    ['a misspelt kind', { action: { kind: 'dorp' } }, /action.kind must be one of error, drop/],
    ['an inherited kind', { action: { kind: 'toString' } }, /action.kind/],
    ['no action', {}, /action.kind/],
    ['a field of another kind', { action: { kind: 'drop', ms: 3 } }, /action has unknown fields ms/],
    ['the zeroth', { nth: 0, action: drop }, /nth must be a whole number from 1/],
    ['an unknown service', { match: { service: 'sqs' }, action: drop }, /match.service/],
    [
      'a number for a parameter',
      { match: { parameters: { partNumber: 3 } }, action: drop },
      /object of texts/,
    ],
    ['an error of no kind', { action: { kind: 'error', code: 'X' } }, /preset or action.status/],
    ['a success as an error', { action: { kind: 'error', status: 200 } }, /300 to 599/],
    ['a delay without a length', { action: { kind: 'delay' } }, /action.ms/],
    ['an unknown preset', { action: { kind: 'error', preset: 'slow' } }, /action.preset/],
    ['no time but before and after', { action: { kind: 'drop', when: 'during' } }, /before or after/],
    ['a task that fails without a word', { action: { kind: 'task-fails' } }, /statusMessage/],
  ])('%s', (_, rule, message) => {
    expect(() => createFaults().add(rule as FaultRule)).toThrow(message);
    expect(() => createFaults().add(rule as FaultRule)).toThrow(
      expect.objectContaining({ code: 'FAULT_INVALID' }),
    );
  });

  test('a file holds one rule or a list', () => {
    const rule = { action: drop };
    expect(parseFaultFile(JSON.stringify(rule))).toEqual([rule]);
    expect(parseFaultFile(JSON.stringify([rule, rule]))).toEqual([rule, rule]);
    expect(() => parseFaultFile('{')).toThrow(/not JSON/);
  });
});

test('a preset speaks each service’s own language', () => {
  const code = (service: 's3' | 'ec2' | 'ebs') =>
    faultError({ kind: 'error', preset: 'throttling' }, service).code;
  expect([code('s3'), code('ec2'), code('ebs')]).toEqual([
    'SlowDown',
    'RequestLimitExceeded',
    'RequestThrottledException',
  ]);
  const own = faultError({ kind: 'error', preset: 'unavailable', code: 'Mine', status: 502 }, 's3');
  expect(own).toMatchObject({ status: 502, code: 'Mine' });
});
