import { expect, test } from 'vitest';
import { placeCalls, type SaidCall } from './moments.ts';

const call = (operation: string, parameters: Record<string, string> = {}): SaidCall => ({
  service: 'ec2',
  operation,
  parameters,
});
const head = call('HeadObject');
const complete = call('CompleteMultipartUpload');
const momentsOf = (...calls: SaidCall[]) => placeCalls(calls).map(({ moment }) => moment);

test('a call that no moment fits fails, whether its operation is unknown or what it says', () => {
  expect(() => momentsOf(call('CopySnapshot', { SourceRegion: 'eu-west-1' }))).toThrow(
    'no moment of fault-matrix/moments.ts fits ec2 CopySnapshot in the stage "looking": {"SourceRegion":"eu-west-1"}',
  );
  const byName = { 'Filter.1.Name': 'name', 'Filter.1.Value.1': 'a' };
  expect(momentsOf(call('DescribeImages', byName))).toEqual(['DescribeImages, looking for a finished AMI']);
  expect(() => momentsOf(call('DescribeImages', { 'Filter.1.Name': 'state' }))).toThrow('DescribeImages');
});

test('a call that is added moves no other moment', () => {
  const calls = [head, call('CreateMultipartUpload'), complete, head];
  const moments = momentsOf(...calls);
  expect(moments[0]).toBe('HeadObject, looking for a finished object');
  expect(moments.at(-1)).toBe('HeadObject, checking the uploaded object');
  expect(momentsOf(head, ...calls).slice(1)).toEqual(moments);
  expect(momentsOf(...calls, head).slice(0, -1)).toEqual(moments);
});
