import { test } from 'vitest';
import { checkFaults, faultMatrixLimitMs } from './fault-matrix.ts';

test(
  'every call of an import by way of ebs, with faults that last',
  () => checkFaults({ way: 'ebs', lasting: true }),
  faultMatrixLimitMs,
);
