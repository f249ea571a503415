import { test } from 'vitest';
import { checkEveryFault, faultMatrixLimitMs } from './fault-matrix.ts';

test(
  'every call of an import by way of s3, with every fault',
  () => checkEveryFault('s3'),
  faultMatrixLimitMs,
);
