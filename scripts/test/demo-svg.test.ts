import { expect, test } from 'vitest';
import { framesOf } from '../demo-svg/frames.ts';
import { renderSvg } from '../demo-svg/render.ts';

const window = { columns: 20, rows: 3 };
const chunk = (atMs: number, text: string) => ({ atMs, data: Buffer.from(text) });

test('a recording shows what the terminal showed, without what nobody could see, and the end in any case', async () => {
  const frames = await framesOf(
    [
      chunk(0, '\x1b[32m$\x1b[0m demo\r\n'),
      chunk(50, 'o'),
      chunk(100, '\rone'),
      chunk(450, '\r\x1b[2K\x1b[1mtwo\x1b[0m'),
      chunk(900, ''),
      chunk(1000, ' <3>'),
    ],
    { ...window, everyMs: 400 },
  );
  const text = ({ lines }: (typeof frames)[number]) =>
    lines.map((spans) =>
      spans
        .map((span) => span.text)
        .join('')
        .trimEnd(),
    );
  expect(frames.map(({ atMs }) => atMs)).toEqual([0, 100, 450, 1000]);
  expect(frames.map(text)).toEqual([
    ['$ demo', '', ''],
    ['$ demo', 'one', ''],
    ['$ demo', 'two', ''],
    ['$ demo', 'two <3>', ''],
  ]);
  expect(frames[2]!.lines[1]![0]).toMatchObject({ text: 'two', bold: true });

  const svg = renderSvg(frames, { ...window, title: 'a "run"' });
  expect(svg).toContain('<tspan fill="#23d18b">$</tspan> demo');
  expect(svg).toContain('&lt;3&gt;');
  expect(svg).toContain('aria-label="a &quot;run&quot;"');
  // What does not change is there once.
  expect(svg.match(/> demo/g)).toHaveLength(1);
  expect(svg.match(/<use href="#l0"/g)).toHaveLength(4);
  expect(svg).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
});

test('nobody waits for what does not move', async () => {
  const frames = await framesOf([chunk(0, 'a'), chunk(60_000, 'b')], { ...window, everyMs: 400 });
  const [, seconds] = /animation:([\d.]+)s/.exec(renderSvg(frames, { ...window, title: '' }))!;
  expect(Number(seconds)).toBeLessThan(10);
});
