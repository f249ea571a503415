import { test } from 'vitest';
import { checkImportFaults, faultMatrixLimitMs } from './fault-matrix.ts';

test(
  'every call of an import by way of ebs, with each fault once',
  () => checkImportFaults({ way: 'ebs', lasting: false }),
  faultMatrixLimitMs,
);
