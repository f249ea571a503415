import { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { RunView } from '../src/pipeline/progress.ts';
import { writeMessage } from '../src/render/messages.ts';
import { createPlainView } from '../src/render/plain-view.ts';
import { createTerminalView } from '../src/render/terminal-view.ts';
import { openVirtualTerminal, type VirtualTerminal } from './support/virtual-terminal.ts';

const mib = 2 ** 20;

interface Live {
  readonly terminal: VirtualTerminal;
  readonly view: RunView;
  /** Lets time pass, in which the view redraws itself. */
  pass(ms: number): void;
}

/** The view on a terminal, on a clock of its own. */
async function live(
  images: readonly string[],
  work: (live: Live) => Promise<void>,
  size: { columns?: number; rows?: number } = {},
): Promise<void> {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  const terminal = openVirtualTerminal(size);
  const view = createTerminalView({ stream: terminal.stream, images });
  try {
    await work({ terminal, view, pass: (ms) => vi.advanceTimersByTime(ms) });
  } finally {
    view.close();
    vi.useRealTimers();
  }
}

function startUploads(view: RunView, images: readonly string[], pass: (ms: number) => void): void {
  for (const image of images) view.stage(image, 'upload');
  for (const second of [0, 1, 2]) {
    for (const image of images)
      view.progress(image, { done: second * 7.5 * mib, total: 1024 * mib, unit: 'bytes' });
    if (second < 2) pass(1000);
  }
  pass(100);
}

describe('rows', () => {
  test('are away, and messages wait, while somebody is asked something', () =>
    live(['one'], async ({ terminal, view, pass }) => {
      view.stage('one', 'checking');
      pass(100);
      {
        using _ = view.pause();
        terminal.stream.write('Sure? ');
        view.notice('a message');
        pass(1000);
        expect((await terminal.lines()).join('\n').trim()).toBe('Sure?');
        terminal.stream.write('yes\n');
      }
      pass(100);
      const [question, message, row] = await terminal.lines();
      expect([question, message]).toEqual(['Sure? yes', 'a message']);
      expect(row).toMatch(/one.*checking/);
    }));

  test('have elapsed time in every stage, and fixed columns', () =>
    live(
      ['one', 'another', 'third', 'fourth', 'fifth'],
      async ({ terminal, view, pass }) => {
        view.stage('fourth', 'checking');
        view.stage('third', 'register');
        pass(62_000);
        startUploads(view, ['one'], pass);
        view.stage('another', 'import');
        pass(3000);
        view.progress('another', { done: 19.9, total: 100, unit: 'percent', note: 'converting' });
        view.imageEnded('fourth', 'failed', 'THROTTLED');
        pass(100);
        expect(await terminal.lines()).toEqual([
          'one      upload                5s    1%  ░░░░░░░░░░░░░░░░░░░░░░░░  0.01/1.00 GiB   7.5 MiB/s   2m 15s left',
          'another  import                3s   19%  █████░░░░░░░░░░░░░░░░░░░  converting',
          'third    register           1m 7s',
          'fifth    queued',
          'fourth   failed             1m 7s  THROTTLED',
        ]);
      },
      { columns: 140 },
    ));

  test('show the note of a stage without bytes where these would stand, at ordinary widths', () =>
    live(
      ['lv', 'other'],
      async ({ terminal, view, pass }) => {
        startUploads(view, ['other'], pass);
        view.stage('lv', 'import');
        view.progress('lv', { done: 19, total: 100, unit: 'percent', note: 'downloading/converting' });
        pass(100);
        expect(await terminal.lines()).toEqual([
          'lv     import                0s   19%  downloading/converting',
          'other  upload                2s    1%  0.01/1.00 GiB   7.5 MiB/s   2m 15s left',
        ]);
        await terminal.resize(94);
        expect(await terminal.lines()).toEqual([
          'lv     import                0s   19%  ██░░░░░░░░░  downloading/converting',
          'other  upload                2s    1%  ░░░░░░░░░░░  0.01/1.00 GiB   7.5 MiB/s   2m 15s left',
        ]);
        view.progress('other', { done: 16 * mib, total: 1024 * mib, unit: 'bytes', note: 'decompressing' });
        pass(100);
        // A note without room cuts off nothing of the columns.
        expect((await terminal.lines())[1]).toMatch(/ left$/);
      },
      { columns: 85 },
    ));

  test('keep within any width, and drop whole columns where there is no room', () =>
    live(['fedora-aws'], async ({ terminal, view, pass }) => {
      startUploads(view, ['fedora-aws'], pass);
      expect(await terminal.lines()).toEqual([
        'fedora-aws  upload                2s    1%   7.5 MiB/s   2m 15s left',
      ]);
      for (const columns of [120, 60, 40, 30, 20, 5]) {
        await terminal.resize(columns);
        const lines = await terminal.lines();
        expect(lines).toHaveLength(1);
        expect(lines[0]!.length).toBeLessThan(columns);
      }
    }));

  test('of more images than there is room for are the active ones, and totals', async () => {
    const images = Array.from({ length: 20 }, (_, number) => `image-${number}`);
    await live(
      images,
      async ({ terminal, view, pass }) => {
        for (const image of images.slice(0, 7)) view.stage(image, 'download');
        view.imageEnded('image-0', 'imported', 'ami-1');
        view.imageEnded('image-1', 'failed', 'THROTTLED');
        view.imageEnded('image-2', 'imported', 'ami-2');
        pass(100);
        const lines = await terminal.lines();
        expect(lines.map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual([
          ['image-3', 'download'],
          ['image-4', 'download'],
          ['image-5', 'download'],
          ['image-6', 'download'],
          ['image-7', 'queued'],
          ['20 images: 4 active, 13 queued, 2 imported, 1 failed'],
        ]);
      },
      { rows: 12 },
    );
  });

  test('of a run that started no image leave nothing behind', async () => {
    const terminal = openVirtualTerminal();
    const view = createTerminalView({ stream: terminal.stream, images: ['one'] });
    view.notice('a sentence');
    view.close();
    expect(await terminal.lines()).toEqual(['a sentence']);
  });
});

describe('what else is written', () => {
  test('stands above the rows, whoever writes it', () =>
    live(['one', 'two'], async ({ terminal, view, pass }) => {
      startUploads(view, ['one', 'two'], pass);
      writeMessage(terminal.stream, 'Interrupted: stopping.');
      pass(500);
      view.notice('retrying', 'one');
      pass(500);
      view.imageEnded('one', 'interrupted');
      view.imageEnded('two', 'interrupted');
      view.close();
      writeMessage(terminal.stream, 'one: error INTERRUPTED');
      expect(await terminal.lines()).toEqual([
        'Interrupted: stopping.',
        'one: retrying',
        expect.stringMatching(/^one +interrupted/),
        expect.stringMatching(/^two +interrupted/),
        'one: error INTERRUPTED',
      ]);
    }));

  test('and whatever the window does: nothing stale stays, and nothing else is erased', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.integer({ min: 30, max: 160 }), fc.constantFrom('notice', 'pass')), {
          minLength: 1,
          maxLength: 12,
        }),
        (actions) =>
          live(
            ['one', 'two', 'three'],
            async ({ terminal, view, pass }) => {
              startUploads(view, ['one', 'two', 'three'], pass);
              const told: string[] = [];
              for (const action of actions) {
                if (typeof action === 'number') await terminal.resize(action);
                else if (action === 'pass') pass(100);
                else {
                  told.push(`notice ${told.length}`);
                  view.notice(told.at(-1)!);
                }
              }
              expect((await terminal.lines()).map((line) => line.split(/ {2,}/)[0])).toEqual([
                ...told,
                'one',
                'two',
                'three',
              ]);
            },
            { columns: 120, rows: 30 },
          ),
      ),
    ));
});

/** The plain view on a clock of its own, and the lines it has written. */
function plain() {
  let text = '';
  let atMs = 0;
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return {
    view: createPlainView({ stream, now: () => atMs }),
    pass(seconds: number) {
      atMs += seconds * 1000;
    },
    lines: () => text.trimEnd().split('\n'),
  };
}

describe('plain lines', () => {
  test('report when a step starts, its progress, and when it ends', () => {
    const { view, pass, lines } = plain();
    view.stage('one', 'convert');
    view.stage('one', 'upload');
    view.stage('one', 'convert');
    pass(40);
    view.progress('one', { done: 512 * mib, total: 1024 * mib, unit: 'bytes' });
    view.progress('one', { done: 513 * mib, total: 1024 * mib, unit: 'bytes' });
    view.stepEnded('one', { step: 'convert', outcome: 'done', seconds: 80, bytes: 600 * mib });
    view.stage('one', 'upload');
    view.stepEnded('one', { step: 'upload', outcome: 'failed', seconds: 1 });
    view.stage('one', 'upload');
    view.imageEnded('one', 'failed', 'THROTTLED');
    view.close();
    expect(lines()).toEqual([
      'one: convert: started',
      'one: upload: started',
      'one: convert: 0.50/1.00 GiB (50%), 40s',
      'one: convert: done in 1m 20s, 600 MiB (7.5 MiB/s)',
      'one: upload: failed',
      'one: upload: started',
      'one: upload: failed',
      'one: failed: THROTTLED',
    ]);
  });

  test('tell when what lies between the steps ends: as something else begins, or with the image', () => {
    const { view, pass, lines } = plain();
    view.stage('one', 'checking');
    pass(1);
    view.stage('one', 'waiting');
    view.stage('two', 'checking');
    pass(60);
    view.stage('one', 'download');
    view.stage('one', 'import');
    view.stepEnded('one', { step: 'download', outcome: 'done', seconds: 3 });
    // Nobody was shown this one as it began, and the import continues meanwhile.
    view.stepEnded('one', { step: 'checksum', outcome: 'done', seconds: 0 });
    view.stepEnded('one', { step: 'import', outcome: 'done', seconds: 4 });
    view.stage('one', 'cleanup');
    pass(2);
    view.stepEnded('one', { step: 'register', outcome: 'reused', seconds: 0 });
    view.stage('one', 'verify snapshot');
    pass(3);
    view.imageEnded('one', 'imported', 'ami-1');
    view.imageEnded('two', 'interrupted');
    view.close();
    expect(lines()).toEqual([
      'one: checking: started',
      'one: checking: done in 1s',
      'one: waiting: started',
      'two: checking: started',
      'one: waiting: done in 1m',
      'one: download: started',
      'one: import: started',
      'one: download: done in 3s',
      'one: checksum: done in 0s',
      'one: import: done in 4s',
      'one: cleanup: started',
      'one: cleanup: done in 2s',
      'one: register: reused',
      'one: verify snapshot: started',
      'one: verify snapshot: done in 3s',
      'one: imported: ami-1',
      'two: checking: interrupted',
      'two: interrupted',
    ]);
  });

  test('tell the end of every stage of a run that takes no steps', () => {
    const { view, pass, lines } = plain();
    for (const stage of ['checking', 'download', 'convert', 'checksum', 'verify snapshot'] as const) {
      view.stage('snap-1', stage);
      pass(1);
    }
    view.close();
    expect(lines()).toEqual([
      ...['checking', 'download', 'convert', 'checksum'].flatMap((stage) => [
        `snap-1: ${stage}: started`,
        `snap-1: ${stage}: done in 1s`,
      ]),
      'snap-1: verify snapshot: started',
      // Whether it is equal is the result's to say.
      'snap-1: verify snapshot: ended after 1s',
    ]);
  });
});
