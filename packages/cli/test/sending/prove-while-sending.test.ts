import type { TestAccount } from '../support/account.ts';
import { expectOneOfEach } from '../support/crash-points.ts';
import { describe, expect, testWith } from '../support/fixtures.ts';
import { holdProgram } from '../support/hold-program.ts';
import { idleProcessors } from '../support/idle-processors.ts';
import { misreadingQemuNbd } from '../support/misreading-qemu-nbd.ts';
import { answered } from '../support/sent-parts.ts';
import { usePath } from '../support/use-path.ts';

const test = testWith();

/** No part has an answer as long as this fault is there. */
function hangParts({ aws }: TestAccount) {
  return aws.faults.add({
    match: { operation: 'UploadPart' },
    times: 'always',
    action: { kind: 'hang' },
  });
}

describe.for(['vhdx', 'vmdk'] as const)('while the uplink keeps the parts of a %s waiting', (format) => {
  test('QEMU reads the image for the proof', { timeout: 120_000 }, async ({ account, images, runImport }) => {
    using _idle = idleProcessors();
    const held = await holdProgram({ name: 'qemu-nbd', when: 'before' });
    using _path = usePath(held.path);
    const uplink = hangParts(account);
    const running = runImport({ format });
    await held.reached();
    expect(answered(account, 'UploadPart')).toEqual([]);
    await held.release();
    uplink.remove();
    const end = await running;
    await expectOneOfEach({ account }, images, end);
    expect(end.result.proof).toMatchObject({ extent: 'full' });
    expect(end.result.steps.find(({ step }) => step === 'prove')).toMatchObject({ outcome: 'done' });
  });

  test('what QEMU reads otherwise is found', { timeout: 120_000 }, async ({ account, images, runImport }) => {
    using _idle = idleProcessors();
    await using _misreading = await misreadingQemuNbd(images, { times: 1 });
    const held = await holdProgram({ name: 'qemu-nbd', when: 'before' });
    using _path = usePath(held.path);
    const uplink = hangParts(account);
    const running = runImport({ format });
    await held.reached();
    await held.release();
    uplink.remove();
    const end = await running;
    expect(end.stderr).toMatch(/differs from .*: converting again with qemu-img/);
    await expectOneOfEach({ account }, images, end);
  });
});
