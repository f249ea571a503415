import { describe, expect, it } from 'vitest';
import { isAllowed, statementsOf, trustsService } from '../../src/iam/policy.ts';

const allow = (Action: string | string[], Resource: string | string[] = '*') => ({
  Effect: 'Allow',
  Action,
  Resource,
});
const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

describe('isAllowed', () => {
  const object = 'arn:aws:s3:::disks/a/b.vhdx';
  it.each([
    ['named', document(allow('s3:GetObject', object)), true],
    ['wildcards', document(allow(['s3:Get*'], ['arn:aws:s3:::disks/*'])), true],
    ['case of the action', document(allow('S3:getobject', object)), true],
    ['everything', document(allow('*')), true],
    ['another bucket', document(allow('s3:GetObject', 'arn:aws:s3:::disk/*')), false],
    ['the bucket, not its objects', document(allow('s3:GetObject', 'arn:aws:s3:::disks')), false],
    ['another action', document(allow('s3:PutObject')), false],
    ['nothing', document(), false],
    ['denied', document(allow('*'), { Effect: 'Deny', Action: 's3:GetObject', Resource: '*' }), false],
    ['on conditions', document({ ...allow('*'), Condition: { Bool: { x: 'true' } } }), false],
    ['one statement, no list', JSON.stringify({ Statement: allow('s3:GetObject') }), true],
  ])('%s: %#', (_what, policy, expected) => {
    expect(isAllowed([policy], 's3:GetObject', object)).toBe(expected);
  });

  it('goes by all documents together', () => {
    expect(isAllowed([document(), document(allow('s3:GetObject'))], 's3:GetObject', object)).toBe(true);
  });
});

describe('trustsService', () => {
  const trust = (statement: object = {}) =>
    document({
      Effect: 'Allow',
      Principal: { Service: 'vmie.amazonaws.com' },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:Externalid': 'vmimport' } },
      ...statement,
    });
  it.each([
    ['as the guide has it', {}, true],
    ['the key in another case', { Condition: { StringEquals: { 'sts:ExternalId': 'vmimport' } } }, true],
    ['without a condition', { Condition: undefined }, true],
    ['among several services', { Principal: { Service: ['ec2.amazonaws.com', 'vmie.amazonaws.com'] } }, true],
    ['another service', { Principal: { Service: 'ec2.amazonaws.com' } }, false],
    ['another external id', { Condition: { StringEquals: { 'sts:Externalid': 'x' } } }, false],
    ['another condition', { Condition: { StringEquals: { 'aws:SourceAccount': '1' } } }, false],
    ['another action', { Action: 'sts:TagSession' }, false],
    ['denied', { Effect: 'Deny' }, false],
  ])('%s', (_what, statement, expected) => {
    expect(trustsService(trust(statement), 'vmie.amazonaws.com', 'vmimport')).toBe(expected);
  });
});

it.each(['', '{', 'null', '[]', '{}', '"text"', '{"Statement":"x"}'])('%j is not a policy', (text) => {
  expect(() => statementsOf(text)).toThrow(SyntaxError);
});
