import { test } from 'vitest';
import { publishImages } from '../support/images.ts';
import { registerUntested } from './boot-test-scene.ts';
import { checkFaults, faultMatrixLimitMs } from './fault-matrix.ts';

test.for([false, true])(
  'every call of a boot test, with each fault, lasting: %s',
  { timeout: faultMatrixLimitMs },
  async (lasting) => {
    await using images = await publishImages(['qcow2'], { sizeBytes: 8 * 2 ** 20, dataBytes: 2 ** 16 });
    await using ami = await registerUntested(images);
    await checkFaults({ way: 'boot test', lasting, size: 2 }, ami.openScene);
  },
);
