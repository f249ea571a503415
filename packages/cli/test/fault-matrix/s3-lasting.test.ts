import { test } from 'vitest';
import { checkFaults, faultMatrixLimitMs } from './fault-matrix.ts';

test(
  'every call of an import by way of s3, with faults that last',
  () => checkFaults({ way: 's3', lasting: true }),
  faultMatrixLimitMs,
);
