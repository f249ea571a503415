import { test } from 'vitest';
import { checkImportFaults, faultMatrixLimitMs } from './fault-matrix.ts';

test(
  'every call of an import by way of s3, with faults that last',
  () => checkImportFaults({ way: 's3', lasting: true }),
  faultMatrixLimitMs,
);
