import { test } from 'vitest';
import { checkEveryFault, faultMatrixLimitMs } from './fault-matrix.ts';

test(
  'every call of an import by way of ebs, with every fault',
  () => checkEveryFault('ebs'),
  faultMatrixLimitMs,
);
