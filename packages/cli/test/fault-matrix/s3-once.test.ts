import { test } from 'vitest';
import { checkImportFaults, faultMatrixLimitMs } from './fault-matrix.ts';

test(
  'every call of an import by way of s3, with each fault once',
  () => checkImportFaults({ way: 's3', lasting: false }),
  faultMatrixLimitMs,
);
