import { test } from 'vitest';
import { checkImportFaults, faultMatrixLimitMs } from './fault-matrix.ts';

test(
  'every call of an import by way of ebs, with faults that last',
  () => checkImportFaults({ way: 'ebs', lasting: true }),
  faultMatrixLimitMs,
);
