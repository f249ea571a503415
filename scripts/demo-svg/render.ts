import type { Frame, Span } from './frames.ts';

const cell = { width: 8.4, height: 18 };
const padding = 14;

/** Of a dark terminal: the palette's first 16, as VS Code shows them. */
const palette = [
  ...['#666666', '#f14c4c', '#23d18b', '#f5f543', '#3b8eea', '#d670d6', '#29b8db', '#e5e5e5'],
  ...['#888888', '#f14c4c', '#23d18b', '#f5f543', '#3b8eea', '#d670d6', '#29b8db', '#ffffff'],
];

/** The longest that nothing moves: somebody is watching. */
const longestPauseMs = 1500;
const restAtEndMs = 6000;

/**
 * Frames of a terminal as an SVG that plays them again and again, without script. Whoever prefers reduced motion sees the last one.
 * Each line that is shown is in it once.
 */
export function renderSvg(
  frames: readonly Frame[],
  { columns, rows, title }: { readonly columns: number; readonly rows: number; readonly title: string },
): string {
  const width = Math.ceil(columns * cell.width) + 2 * padding;
  const height = rows * cell.height + 2 * padding;
  const starts = shortened(frames.map(({ atMs }) => atMs));
  const totalMs = (starts.at(-1) ?? 0) + restAtEndMs;
  const percent = (ms: number) => `${((ms / totalMs) * 100).toFixed(3)}%`;
  const lines = new Map<string, string>();
  const groups = frames.map(({ lines: shown }, index) => {
    const uses = shown.flatMap((spans, row) => {
      if (spans.length === 0) return [];
      const text = spans.map(renderSpan).join('');
      const id = lines.get(text) ?? `l${lines.size}`;
      lines.set(text, id);
      return `<use href="#${id}" y="${row * cell.height}"/>`;
    });
    return `<g class="f" id="f${index}">${uses.join('')}</g>`;
  });
  const rules = frames.map((_, index) => {
    const [from, to] = [starts[index]!, starts[index + 1] ?? totalMs];
    const before = from === 0 ? '' : `0%{visibility:hidden}`;
    const after = to === totalMs ? '' : `${percent(to)},100%{visibility:hidden}`;
    return `@keyframes k${index}{${before}${percent(from)}{visibility:visible}${after}${to === totalMs ? '100%{visibility:visible}' : ''}}#f${index}{animation-name:k${index}}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">`,
    `<title>${escapeXml(title)}</title>`,
    '<style>',
    'text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d4d4d4;white-space:pre}',
    `.f{visibility:hidden;animation:${(totalMs / 1000).toFixed(2)}s step-end infinite}`,
    ...rules,
    `@media (prefers-reduced-motion:reduce){.f{animation:none}#f${frames.length - 1}{visibility:visible}}`,
    '</style>',
    `<rect width="100%" height="100%" rx="8" fill="#1e1e1e"/>`,
    '<defs>',
    ...[...lines].map(([text, id]) => `<text id="${id}" xml:space="preserve">${text}</text>`),
    '</defs>',
    `<g transform="translate(${padding} ${padding + 13})">`,
    ...groups,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function shortened(times: readonly number[]): number[] {
  const [first = 0] = times;
  let cutMs = first;
  return times.map((time, index) => {
    const pauseMs = time - (times[index - 1] ?? first);
    cutMs += Math.max(0, pauseMs - longestPauseMs);
    return time - cutMs;
  });
}

function renderSpan({ text, colour, bold, dim }: Span): string {
  const style = [
    ...(colour === undefined ? [] : [`fill="${palette[colour] ?? palette[7]}"`]),
    ...(bold ? ['font-weight="bold"'] : []),
    ...(dim ? ['opacity="0.6"'] : []),
  ];
  const shown = escapeXml(text);
  return style.length === 0 ? shown : `<tspan ${style.join(' ')}>${shown}</tspan>`;
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
