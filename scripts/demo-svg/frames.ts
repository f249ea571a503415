import xterm from '@xterm/headless';

/** What a terminal got, and when: milliseconds from the beginning. */
export interface Chunk {
  readonly atMs: number;
  readonly data: Uint8Array;
}

/** A stretch of a line in one style. `colour`: of the palette's first 16, undefined for the terminal's own. */
export interface Span {
  readonly text: string;
  readonly colour?: number;
  readonly bold: boolean;
  readonly dim: boolean;
}

export interface Frame {
  readonly atMs: number;
  /** From the top of the window; lines that have scrolled away are left out. */
  readonly lines: readonly (readonly Span[])[];
}

/** What the terminal showed: a frame where something changed that was to be seen until `everyMs` after the one before, and the end. */
export async function framesOf(
  chunks: readonly Chunk[],
  { columns, rows, everyMs }: { readonly columns: number; readonly rows: number; readonly everyMs: number },
): Promise<Frame[]> {
  const terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 0, allowProposedApi: true });
  const frames: Frame[] = [];
  for (const [index, { atMs, data }] of chunks.entries()) {
    await new Promise<void>((resolve) => terminal.write(data, resolve));
    const next = chunks[index + 1];
    const [last, before] = [frames.at(-1), frames.at(-2)];
    if (next && last && next.atMs - last.atMs < everyMs) continue;
    const frame = { atMs, lines: linesOf(terminal) };
    if (JSON.stringify(frame.lines) !== JSON.stringify((last ?? before)?.lines)) frames.push(frame);
  }
  terminal.dispose();
  return frames;
}

function linesOf(terminal: xterm.Terminal): Span[][] {
  const { active } = terminal.buffer;
  return Array.from({ length: terminal.rows }, (_, row) => spansOf(active.getLine(active.viewportY + row)!));
}

function spansOf(line: xterm.IBufferLine): Span[] {
  const spans: Span[] = [];
  for (let column = 0; column < line.length; column += 1) {
    const cell = line.getCell(column)!;
    if (cell.getWidth() === 0) continue;
    const style = {
      ...(cell.isFgPalette() && { colour: cell.getFgColor() }),
      bold: cell.isBold() !== 0,
      dim: cell.isDim() !== 0,
    };
    const text = cell.getChars() || ' ';
    const last = spans.at(-1);
    if (last && last.colour === style.colour && last.bold === style.bold && last.dim === style.dim)
      spans[spans.length - 1] = { ...last, text: last.text + text };
    else spans.push({ ...style, text });
  }
  const last = spans.at(-1);
  if (last?.text.trim() === '') spans.pop();
  return spans;
}
