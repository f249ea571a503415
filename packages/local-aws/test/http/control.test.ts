import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { test as base } from 'vitest';
import type { CallRecord } from '../../src/calls.ts';
import { expect, openAccount } from '../support/account.ts';
import { send } from '../support/raw.ts';

/** Each test's own account: the log of calls and the faults are told from their start. */
const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the fixtures that are used from the pattern
  .extend('account', async ({}, { onCleanup }) => {
    const account = await openAccount({ buckets: ['disks'] });
    onCleanup(() => account[Symbol.asyncDispose]());
    return account;
  })
  .extend('control', ({ account }) => async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${account.aws.url}/_local-aws/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined };
  })
  .extend(
    'put',
    ({ account }) =>
      (key: string) =>
        send(account.aws.url, {
          method: 'PUT',
          target: `/disks/${key}?X-Amz-Signature-Of-Nobody=1`,
          body: 'x',
        }),
  );

test('any client can add, list, await and remove faults', async ({ control, put }) => {
  const added = await control('POST', 'faults', [
    { id: 'slow', match: { operation: 'PutObject' }, action: { kind: 'error', preset: 'throttling' } },
  ]);
  expect(added).toEqual({ status: 201, body: { ids: ['slow'] } });
  expect((await control('GET', 'faults/slow/struck?timeoutMs=1')).body).toEqual({ struck: false });
  const waiting = control('GET', 'faults/slow/struck');
  expect((await put('k')).status).toBe(503);
  expect((await waiting).body).toMatchObject({ struck: true, call: { parameters: { key: 'k' } } });
  expect((await control('GET', 'faults')).body.faults).toMatchObject([{ id: 'slow', matched: 1, struck: 1 }]);
  expect((await control('DELETE', 'faults/slow')).status).toBe(204);
  expect((await control('DELETE', 'faults/slow')).status).toBe(404);
  expect((await put('k')).status).toBe(200);
});

test('a fault that is none is refused, with the reason', async ({ control }) => {
  const answer = await control('POST', 'faults', { action: { kind: 'explode' } });
  expect(answer).toEqual({ status: 400, body: { error: expect.stringContaining('action.kind') } });
});

test('calls are told in their order, from a number on, and never with secrets', async ({ control, put }) => {
  for (const key of ['one', 'two', 'three']) await put(key);
  const { calls } = (await control('GET', 'calls')).body;
  expect(calls).toMatchObject([
    { sequence: 1, service: 's3', operation: 'PutObject', parameters: { bucket: 'disks', key: 'one' } },
    { sequence: 2, mutating: true, outcome: 'answered', status: 200, region: 'us-east-1' },
    { sequence: 3, accountId: '123456789012', requestId: expect.any(String) },
  ]);
  expect(JSON.stringify(calls)).not.toContain('Signature');
  expect((await control('GET', 'calls?after=1&limit=1')).body.calls).toMatchObject([{ sequence: 2 }]);
  await control('DELETE', 'calls');
  await put('four');
  expect((await control('GET', 'calls')).body.calls).toMatchObject([{ sequence: 4 }]);
});

test('calls are followed, a line each', async ({ account, put }) => {
  await put('before');
  const following = new AbortController();
  const response = await fetch(`${account.aws.url}/_local-aws/calls?follow`, { signal: following.signal });
  const lines = createInterface({ input: Readable.fromWeb(response.body as never) })[Symbol.asyncIterator]();
  const next = async (): Promise<CallRecord> => JSON.parse((await lines.next()).value ?? '');
  expect((await next()).parameters.key).toBe('before');
  await put('after');
  expect((await next()).parameters.key).toBe('after');
  following.abort();
});

test('whatever else is asked for is not there', async ({ control }) => {
  expect((await control('GET', 'nothing')).status).toBe(404);
});
