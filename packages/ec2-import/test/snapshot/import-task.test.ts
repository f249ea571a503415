import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  failureKind,
  importTaskOf,
  isKnownStatus,
  isWorthRetrying,
  taskState,
} from '../../src/snapshot/import-task.ts';

describe('the state of a task', () => {
  test.each([
    ['pending', 'running'],
    ['active', 'running'],
    ['validating', 'running'],
    ['validated', 'running'],
    ['converting', 'running'],
    ['updating', 'running'],
    ['completed', 'completed'],
    ['deleting', 'ending'],
    ['deleted', 'failed'],
    ['cancelling', 'ending'],
    ['cancelled', 'failed'],
    ['error', 'failed'],
  ])('%s is %s', (status, state) => {
    expect(taskState({ status })).toBe(state);
    expect(isKnownStatus(status)).toBe(true);
  });

  test('whatever else EC2 may say is waited on', () => {
    fc.assert(
      fc.property(fc.string(), (status) => isKnownStatus(status) || taskState({ status }) === 'running'),
    );
    expect(taskState({ status: 'toString' })).toBe('running');
    expect(isKnownStatus('constructor')).toBe(false);
  });
});

describe('why an import failed', () => {
  test.each([
    ['ClientError: Disk validation failed', 'validation'],
    [
      'ClientError: Disk validation failed [We do not have access to the given resource. Reason 403 Forbidden]',
      'permission',
    ],
    ['ClientError: Disk validation failed [Unsupported specified file format]', 'format'],
    ['ClientError: Disk validation failed [Unsupported VMDK File Format]', 'format'],
    ['ClientError: Footers not identical', 'format'],
    ['ClientError: Uncompressed data has invalid length', 'format'],
    ['File uses unsupported compression algorithm 0', 'format'],
    ['Parameter disk-image-size=0 has an invalid format', 'format'],
    [
      'The service role vmimport provided does not exist or does not have sufficient permissions',
      'permission',
    ],
    [
      'The sevice role <vmimport> does not exist or does not have sufficient permissions for the service to continue',
      'permission',
    ],
    ['ClientError: The KMS key provided is disabled', 'kms'],
    ['The given S3 object is not local to the region.', 'bucket-region'],
    ['Bucket images is not in the us-east-1 Region, it is in us-west-2', 'bucket-region'],
    ['ClientError: Disk validation failed [Reason 404 Not Found]', 'object-missing'],
    ['The given S3 object does not exist', 'object-missing'],
    ['Invalid S3 source location', 'object-missing'],
    ['User initiated task cancellation', 'cancelled'],
    ['ServerError: an internal error has occurred during the import', 'unknown'],
    ['', 'unknown'],
  ])('%s: %s', (message, kind) => {
    expect(failureKind({ status: 'deleted', message })).toBe(kind);
  });

  test('a cancelled task without a message was cancelled', () => {
    expect(failureKind({ status: 'cancelled' })).toBe('cancelled');
  });

  test('only what has been seen to pass, and what nobody knows, is tried again', () => {
    const kinds = [
      'permission',
      'bucket-region',
      'object-missing',
      'format',
      'cancelled',
      'validation',
      'unknown',
    ] as const;
    expect(kinds.filter(isWorthRetrying)).toEqual(['validation', 'unknown']);
  });
});

describe('a task as EC2 reports it', () => {
  test('what is empty is not there', () => {
    const task = importTaskOf({
      ImportTaskId: 'import-snap-1',
      SnapshotTaskDetail: {
        Status: 'active',
        SnapshotId: '',
        StatusMessage: '',
        Progress: '19',
        DiskImageSize: 0,
      },
      Tags: [],
    });
    expect(task).toMatchObject({ importTaskId: 'import-snap-1', status: 'active', percent: 19 });
    expect(task.snapshotId).toBeUndefined();
    expect(task.message).toBeUndefined();
    expect(task.tags).toBeUndefined();
  });

  test('one that reports next to nothing is still a task', () => {
    expect(importTaskOf({})).toMatchObject({ importTaskId: '', status: '' });
    expect(taskState(importTaskOf({ SnapshotTaskDetail: { Status: 'COMPLETED' } }))).toBe('completed');
  });

  test('a percentage is a number from 0 to 100, or none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double().map(String)), (Progress) => {
        const { percent } = importTaskOf({ SnapshotTaskDetail: { Progress } });
        return percent === undefined || (percent >= 0 && percent <= 100);
      }),
    );
  });
});
