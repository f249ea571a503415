import { expect, test } from 'vitest';
import { runTool, type Tool } from '../src/run-tool.ts';

test('a tool that is not installed is named with its package', async () => {
  await expect(runTool('no-such-tool' as Tool, { args: [] })).rejects.toMatchObject({
    name: 'SampleImageError',
    code: 'TOOL_MISSING',
    message: 'the program no-such-tool is not installed',
  });
});

test('a tool that fails says why', async () => {
  await expect(runTool('qemu-img', { args: ['info', '/no/such/file'] })).rejects.toMatchObject({
    code: 'TOOL_FAILED',
    message: expect.stringContaining('/no/such/file'),
    exitCode: 1,
  });
});

test('an abort ends the tool and comes back as the reason', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  // It compresses what never ends.
  const running = runTool('xz', {
    args: ['--stdout', '/dev/zero'],
    outputFile: '/dev/null',
    signal: controller.signal,
  });
  setTimeout(() => controller.abort(reason), 50);
  await expect(running).rejects.toBe(reason);
});
