import { test } from 'vitest';
import { checkFaults, faultMatrixLimitMs } from './fault-matrix.ts';

test(
  'every call of an import by way of ebs, with each fault once',
  () => checkFaults({ way: 'ebs', lasting: false }),
  faultMatrixLimitMs,
);
