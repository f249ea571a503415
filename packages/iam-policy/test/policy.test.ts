import { describe, expect, it } from 'vitest';
import { MalformedPolicy, type PolicyKind, parsePolicy } from '../src/document.ts';
import { evaluate, type Policies } from '../src/evaluate.ts';
import { matchesArn, matchesPattern } from '../src/pattern.ts';
import { requestContext } from '../src/request-context.ts';
import { trustsService } from '../src/service-access.ts';

const policy = (kind: PolicyKind, ...Statement: object[]) =>
  parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement }), kind);
const identity = (...statements: object[]) => policy('identity', ...statements);
const allow = (statement: object = {}) => ({ Effect: 'Allow', Action: '*', Resource: '*', ...statement });
const deny = (statement: object = {}) => allow({ Effect: 'Deny', ...statement });

const user = { accountId: '111122223333', arn: 'arn:aws:iam::111122223333:user/ci', userId: 'AIDA1' };
const object = 'arn:aws:s3:::disks/a/b.vhdx';

function decide(
  policies: Partial<Policies>,
  { action = 's3:GetObject', resource = object, keys = {}, principal = user } = {},
) {
  const request = { action, resource, context: requestContext({ 'aws:username': 'ci', ...keys }) };
  return evaluate(request, principal, { identity: [], ...policies });
}

describe('what an identity policy allows', () => {
  it.each([
    ['named', [allow({ Action: 's3:GetObject', Resource: object })], true],
    ['wildcards', [allow({ Action: ['s3:Get*'], Resource: ['arn:aws:s3:::disks/*'] })], true],
    ['one character', [allow({ Action: 's3:Get?bject' })], true],
    ['case of the action', [allow({ Action: 'S3:getobject' })], true],
    ['everything', [allow()], true],
    ['another bucket', [allow({ Resource: 'arn:aws:s3:::disk/*' })], false],
    ['the bucket, not its objects', [allow({ Resource: 'arn:aws:s3:::disks' })], false],
    ['another action', [allow({ Action: 's3:PutObject' })], false],
    ['NotAction', [allow({ Action: undefined, NotAction: 's3:PutObject' })], true],
    ['NotAction that names it', [allow({ Action: undefined, NotAction: 's3:*' })], false],
    ['NotResource', [allow({ Resource: undefined, NotResource: 'arn:aws:s3:::other/*' })], true],
    [
      'NotResource that names it',
      [allow({ Resource: undefined, NotResource: 'arn:aws:s3:::disks/*' })],
      false,
    ],
    ['denied', [allow(), deny({ Action: 's3:GetObject' })], false],
    ['denied elsewhere', [allow(), deny({ Resource: 'arn:aws:s3:::other/*' })], true],
    ['a policy variable', [allow({ Resource: `arn:aws:s3:::disks/\${aws:x}/*` })], true],
    ['a variable without a value', [allow({ Resource: `arn:aws:s3:::disks/\${aws:nothing}/*` })], false],
    ['its default', [allow({ Resource: `arn:aws:s3:::disks/\${aws:nothing, 'a'}/*` })], true],
    ['an account that is not in the ARN', [allow({ Resource: 'arn:aws:s3::1:disks/*' })], false],
  ])('%s', (_what, statements, allowed) => {
    expect(decide({ identity: [identity(...statements)] }, { keys: { 'aws:x': 'a' } }).allowed).toBe(allowed);
  });

  it('goes by all documents together, and without any by none', () => {
    expect(decide({ identity: [identity(deny({ Action: 'ec2:*' })), identity(allow())] }).allowed).toBe(true);
    expect(decide({ identity: [] })).toEqual({ allowed: false, explicit: false, by: 'identity-based' });
    expect(decide({ identity: undefined }).allowed).toBe(true);
  });
});

describe('a condition', () => {
  const tags = { 'aws:TagKeys': ['Name', 'team'] };
  it.each<[string, Record<string, object>, Record<string, string | readonly string[]>, boolean]>([
    ['equals', { StringEquals: { 'S3:Prefix': ['a/', 'b/'] } }, { 's3:prefix': 'b/' }, true],
    ['is of another value', { StringEquals: { 's3:prefix': 'a/' } }, { 's3:prefix': 'A/' }, false],
    ['ignores the case', { StringEqualsIgnoreCase: { 's3:prefix': 'a/' } }, { 's3:prefix': 'A/' }, true],
    ['has no key', { StringEquals: { 's3:prefix': 'a/' } }, {}, false],
    ['has no key and need not', { StringEqualsIfExists: { 's3:prefix': 'a/' } }, {}, true],
    ['says not, of no key', { StringNotEquals: { 's3:prefix': 'a/' } }, {}, true],
    ['says not, of it', { StringNotEquals: { 's3:prefix': ['x', 'a/'] } }, { 's3:prefix': 'a/' }, false],
    ['is like', { StringLike: { 's3:prefix': 'ec2-image/*' } }, { 's3:prefix': 'ec2-image/f' }, true],
    [
      'is like a variable',
      { StringLike: { 's3:prefix': `\${aws:username}/*` } },
      { 's3:prefix': 'ci/f' },
      true,
    ],
    ['takes a variable literally', { StringLike: { 's3:prefix': `\${*}` } }, { 's3:prefix': 'a' }, false],
    ['is true', { Bool: { 'aws:SecureTransport': true } }, { 'aws:SecureTransport': 'true' }, true],
    ['is false', { Bool: { 'aws:SecureTransport': 'false' } }, { 'aws:SecureTransport': 'true' }, false],
    ['counts', { NumericLessThan: { 'ebs:VolumeSize': '10' } }, { 'ebs:VolumeSize': '9' }, true],
    ['counts too far', { NumericLessThan: { 'ebs:VolumeSize': '10' } }, { 'ebs:VolumeSize': '10' }, false],
    [
      'knows the time',
      { DateGreaterThan: { 'aws:CurrentTime': '2026-01-01T00:00:00Z' } },
      { 'aws:CurrentTime': '2026-02-01T00:00:00Z' },
      true,
    ],
    ['knows networks', { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, { 'aws:SourceIp': '10.1.2.3' }, true],
    [
      'knows other networks',
      { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
      { 'aws:SourceIp': '10.1.2.3' },
      false,
    ],
    [
      'knows ARNs',
      { ArnLike: { 'aws:SourceArn': 'arn:aws:vmie:*:1:*' } },
      { 'aws:SourceArn': 'arn:aws:vmie:eu-west-1:1:x' },
      true,
    ],
    ['asks whether there is a key', { Null: { 's3:prefix': 'true' } }, {}, true],
    ['asks whether there is none', { Null: { 's3:prefix': 'true' } }, { 's3:prefix': '' }, false],
    ['of all values', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['Name', 'team', 'x'] } }, tags, true],
    ['of all values, one other', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['Name'] } }, tags, false],
    ['of all values, none', { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['Name'] } }, {}, true],
    ['of any value', { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['team'] } }, tags, true],
    ['of any value, none', { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['team'] } }, {}, false],
    ['of two, one does not hold', { StringEquals: { a: '1', b: '2' } }, { a: '1', b: '3' }, false],
  ])('%s', (_what, Condition, keys, allowed) => {
    expect(decide({ identity: [identity(allow({ Condition }))] }, { keys }).allowed).toBe(allowed);
  });
});

describe('with a policy of the resource', () => {
  const bucket = (...statements: object[]) => policy('resource', ...statements);
  const named = (Principal: unknown, statement: object = {}) => allow({ Principal, ...statement });
  const other = { accountId: '444455556666', arn: 'arn:aws:iam::444455556666:user/x', userId: 'AIDA2' };
  const owner = { resourceAccountId: user.accountId };
  const mayAll = { identity: [identity(allow())] };

  it.each([
    ['it lets in who has no policy', { resource: bucket(named({ AWS: user.arn })) }, user, true],
    ['it names somebody else', { resource: bucket(named({ AWS: other.arn })) }, user, false],
    ['it leaves it to the account', { resource: bucket(named({ AWS: user.accountId })) }, user, false],
    ['it denies who has one', { ...mayAll, resource: bucket(deny({ Principal: '*' })) }, user, false],
    [
      'it denies the others',
      { ...mayAll, resource: bucket(deny({ Principal: undefined, NotPrincipal: { AWS: user.arn } })) },
      user,
      true,
    ],
    [
      'another account, which it names',
      { ...mayAll, ...owner, resource: bucket(named({ AWS: `arn:aws:iam::${other.accountId}:root` })) },
      other,
      true,
    ],
    [
      'another account, whose IAM does not allow',
      { ...owner, resource: bucket(named({ AWS: other.arn })) },
      other,
      false,
    ],
    [
      'another account, which it does not name',
      { ...mayAll, ...owner, resource: bucket(named({ AWS: user.arn })) },
      other,
      false,
    ],
    [
      'a key that leaves it to the account',
      {
        ...mayAll,
        resourceMustAllow: true,
        resource: bucket(named({ AWS: `arn:aws:iam::${user.accountId}:root` })),
      },
      user,
      true,
    ],
    [
      'a key that names nobody',
      { ...mayAll, resourceMustAllow: true, resource: bucket(named({ AWS: other.arn })) },
      user,
      false,
    ],
    ['a session that may less', { ...mayAll, session: [identity(allow({ Action: 'ec2:*' }))] }, user, false],
  ])('%s', (_what, policies, principal, allowed) => {
    expect(decide(policies, { principal }).allowed).toBe(allowed);
  });

  it('says which policy denied', () => {
    const resource = bucket(deny({ Principal: '*', Sid: 'NoReads' }));
    expect(decide({ ...mayAll, resource })).toEqual({
      allowed: false,
      explicit: true,
      by: 'resource-based',
      sid: 'NoReads',
    });
  });
});

describe('a role that trusts a service', () => {
  const vmie = {
    service: 'vmie.amazonaws.com',
    externalId: 'vmimport',
    accountId: '111122223333',
    sourceArn: 'arn:aws:vmie:us-east-1:111122223333:*',
  };
  const equals = (keys: object) => ({ Condition: { StringEquals: keys } });
  it.each([
    ['as the guide has it', equals({ 'sts:Externalid': 'vmimport' }), true],
    ['without a condition', {}, true],
    ['for this account', equals({ 'aws:SourceAccount': '111122223333' }), true],
    ['for another account', equals({ 'aws:SourceAccount': '1' }), false],
    ['for this ARN', { Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:vmie:*:111122223333:*' } } }, true],
    ['among several services', { Principal: { Service: ['ec2.amazonaws.com', 'vmie.amazonaws.com'] } }, true],
    ['another service', { Principal: { Service: 'ec2.amazonaws.com' } }, false],
    ['another external id', equals({ 'sts:ExternalId': 'x' }), false],
    ['another action', { Action: 'sts:TagSession' }, false],
    ['denied', { Effect: 'Deny' }, false],
  ])('%s', (_what, statement, expected) => {
    const trust = policy('trust', {
      Effect: 'Allow',
      Principal: { Service: 'vmie.amazonaws.com' },
      Action: 'sts:AssumeRole',
      ...statement,
    });
    expect(trustsService(trust, vmie)).toBe(expected);
  });
});

it.each([
  ['', '{', 'null', '[]', '{}', '"text"', '{"Statement":"x"}'],
  ['{"Version":"2020-01-01","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'],
  ['{"Statement":{"Effect":"allow","Action":"*","Resource":"*"}}'],
  ['{"Statement":{"Effect":"Allow","Action":"GetObject","Resource":"*"}}'],
  ['{"Statement":{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}}'],
  ['{"Statement":{"Effect":"Allow","Action":"*"}}'],
  ['{"Statement":{"Effect":"Allow","Action":"*","Resource":"bucket/*"}}'],
  ['{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"}}'],
  ['{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Conditions":{}}}'],
  ['{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringIs":{"a":"b"}}}}'],
])('not a policy: %s', (...texts) => {
  for (const text of texts) expect(() => parsePolicy(text, 'identity')).toThrow(MalformedPolicy);
});

it('patterns do not reach across the parts of an ARN, nor out of a variable', () => {
  expect(matchesArn('arn:aws:ec2:*::snapshot/*', 'arn:aws:ec2:eu-west-1::snapshot/snap-1')).toBe(true);
  expect(matchesArn('arn:aws:ec2:*:snapshot/*', 'arn:aws:ec2:eu-west-1::snapshot/snap-1')).toBe(false);
  expect(matchesArn('arn:aws:ssm:*:*:parameter/a:*', 'arn:aws:ssm:x:1:parameter/a:b:c')).toBe(true);
  expect(matchesPattern(`a\${aws:x}`, 'a*', requestContext({ 'aws:x': '*' }))).toBe(true);
  expect(matchesPattern(`a\${aws:x}`, 'abc', requestContext({ 'aws:x': '*' }))).toBe(false);
  expect(matchesPattern('(a|b)+', 'a')).toBe(false);
});
