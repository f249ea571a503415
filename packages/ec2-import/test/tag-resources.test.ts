import { CreateTagsCommand, DescribeTagsCommand } from '@aws-sdk/client-ec2';
import { missingTags, tagResources } from '@ec2-image/ec2-import';
import { tagRecord } from '@ec2-image/provenance';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differingTags } from '../src/tag-resources.ts';
import { connectionReset, ec2Error, mocked } from './mocked.ts';

/** An account whose tags are a map; `lag` is how many reads come before a write is seen. */
function tagging({ lag = 0, tags = {} as Record<string, Record<string, string>> } = {}) {
  const account = mocked();
  const store = structuredClone(tags);
  let visible = structuredClone(store);
  let reads = 0;
  account.mock.on(DescribeTagsCommand).callsFake(({ Filters }) => {
    reads += 1;
    if (reads > lag) visible = structuredClone(store);
    return {
      Tags: Object.entries(visible)
        .filter(([id]) => Filters[0].Values.includes(id))
        .flatMap(([ResourceId, all]) =>
          Object.entries(all).map(([Key, Value]) => ({ ResourceId, Key, Value })),
        ),
    };
  });
  account.mock.on(CreateTagsCommand).callsFake(({ Resources, Tags }) => {
    reads = 0;
    for (const id of Resources) store[id] = { ...store[id], ...tagRecord(Tags) };
    return {};
  });
  const written = () => account.mock.commandCalls(CreateTagsCommand).map(({ args }) => args[0].input);
  return { ...account, store, written };
}

const wanted = { Name: 'image-i1', team: 'os' };

describe('tagging', () => {
  test('adds what is missing, leaves what is there, and writes nothing where nothing is missing', async () => {
    const account = tagging({ tags: { 'ami-1': { Name: 'another' }, 'snap-1': wanted } });
    const ids = ['ami-1', 'snap-1'];
    expect(await tagResources({ ...account.verb, ids, tags: wanted })).toEqual([
      { id: 'ami-1', added: ['team'], differing: [{ key: 'Name', wanted: 'image-i1', found: 'another' }] },
      { id: 'snap-1', added: [], differing: [] },
    ]);
    expect(account.written()).toEqual([{ Resources: ['ami-1'], Tags: [{ Key: 'team', Value: 'os' }] }]);
    expect(account.store).toEqual({ 'ami-1': { Name: 'another', team: 'os' }, 'snap-1': wanted });
    expect(account.clock.elapsedMs).toBe(0);
  });

  test('reads back until EC2 shows what it took', async () => {
    const account = tagging({ lag: 1 });
    const [report] = await tagResources({ ...account.verb, ids: ['ami-1'], tags: wanted });
    expect(report).toEqual({ id: 'ami-1', added: ['Name', 'team'], differing: [] });
  });

  test('retries where the resource is not known yet, EC2 throttles, or an answer is lost', async () => {
    const account = mocked();
    const Tags = Object.entries(wanted).map(([Key, Value]) => ({ ResourceId: 'ami-1', Key, Value }));
    account.mock
      .on(DescribeTagsCommand)
      .resolvesOnce({})
      .resolvesOnce({})
      .resolvesOnce({})
      .resolves({ Tags });
    account.mock
      .on(CreateTagsCommand)
      .rejectsOnce(ec2Error('InvalidAMIID.NotFound'))
      .rejectsOnce(ec2Error('RequestLimitExceeded', 'slow down', 503))
      .rejectsOnce(connectionReset())
      .resolves({});
    expect(await tagResources({ ...account.verb, ids: ['ami-1'], tags: wanted })).toHaveLength(1);
    expect(account.mock.commandCalls(CreateTagsCommand)).toHaveLength(4);
  });

  test.each([
    ['UnauthorizedOperation', 403, 'ACCESS_DENIED', 'tag-fix'],
    ['TagLimitExceeded', 400, 'QUOTA_EXCEEDED', 'tag-fix'],
    ['ExpiredToken', 400, 'CREDENTIALS_EXPIRED', 'Renew them'],
  ])('fails at once on %s, naming what is missing where', async (awsCode, status, code, hint) => {
    const account = tagging({ tags: { 'ami-1': { team: 'os' } } });
    account.mock.on(CreateTagsCommand).rejects(ec2Error(awsCode, `${awsCode} it is`, status));
    await expect(
      tagResources({ ...account.verb, ids: ['ami-1', 'snap-1'], tags: wanted }),
    ).rejects.toMatchObject({
      code: 'TAGS_INCOMPLETE',
      missing: { 'ami-1': ['Name'], 'snap-1': ['Name', 'team'] },
      hint: expect.stringContaining(hint),
      cause: { code },
    });
    expect(account.clock.elapsedMs).toBe(0);
  });

  test('claims nothing of tags that it may not read', async () => {
    const account = mocked();
    account.mock.on(DescribeTagsCommand).rejects(ec2Error('UnauthorizedOperation', 'no', 403));
    await expect(tagResources({ ...account.verb, ids: ['ami-1'], tags: wanted })).rejects.toMatchObject({
      code: 'TAGS_INCOMPLETE',
      message: expect.stringMatching(/^the tags of ami-1 cannot be read: .*UnauthorizedOperation/),
      missing: {},
      cause: { code: 'ACCESS_DENIED' },
    });
  });

  test('gives up what EC2 takes but never shows', async () => {
    const account = mocked();
    account.mock.on(DescribeTagsCommand).resolves({});
    account.mock.on(CreateTagsCommand).resolves({});
    await expect(tagResources({ ...account.verb, ids: ['ami-1'], tags: wanted })).rejects.toMatchObject({
      code: 'TAGS_INCOMPLETE',
      message: 'ami-1 lacks Name, team, though EC2 took them',
    });
    expect(account.clock.elapsedMs).toBeGreaterThanOrEqual(2 * 60_000);
  });

  test("ends with the signal's reason", async () => {
    const controller = new AbortController();
    const account = mocked({ signal: controller.signal });
    const reason = new Error('interrupted');
    account.mock.on(DescribeTagsCommand).callsFake(() => {
      controller.abort(reason);
      throw Object.assign(new Error('Request aborted'), { name: 'AbortError' });
    });
    await expect(tagResources({ ...account.verb, ids: ['ami-1'], tags: wanted })).rejects.toBe(reason);
  });
});

test('what is missing and what differs share no key and cover all that is not as wanted', () => {
  const tags = fc.dictionary(
    fc.constantFrom('a', 'b', 'c', '__proto__', 'toString'),
    fc.constantFrom('1', '2'),
  );
  fc.assert(
    fc.property(tags, tags, (existing, wanted) => {
      const missing = missingTags({ existing, wanted });
      const differing = differingTags({ existing, wanted });
      const asWanted = Object.keys(wanted).filter(
        (key) => Object.hasOwn(existing, key) && existing[key] === wanted[key],
      );
      expect([...Object.keys(missing), ...differing.map(({ key }) => key), ...asWanted].sort()).toEqual(
        Object.keys(wanted).sort(),
      );
      expect({ ...existing, ...missing }).toMatchObject(existing);
    }),
  );
});
