import { Writable } from 'node:stream';
import xterm from '@xterm/headless';

/** A terminal as a person would see it, and the stream that leads to it. */
export interface VirtualTerminal {
  readonly stream: Writable & { isTTY: boolean; columns: number; rows: number };
  /** As a window is resized: its lines are wrapped again, then the process learns of it. */
  resize(columns: number, rows?: number): Promise<void>;
  /** Every line there is, those that have scrolled away first, without blanks at the end. */
  lines(): Promise<string[]>;
}

export function openVirtualTerminal({ columns = 80, rows = 24 } = {}): VirtualTerminal {
  // The kernel's terminal driver makes \r\n of \n.
  const terminal = new xterm.Terminal({
    cols: columns,
    rows,
    scrollback: 1000,
    convertEol: true,
    allowProposedApi: true,
  });
  const stream = Object.assign(
    new Writable({ write: (chunk: Buffer, _encoding, done) => terminal.write(chunk, done) }),
    { isTTY: true, columns, rows },
  );
  const drawn = () =>
    new Promise<void>((resolve) => {
      stream.write('', () => resolve());
    });
  return {
    stream,
    async resize(columns, rows = stream.rows) {
      await drawn();
      terminal.resize(columns, rows);
      Object.assign(stream, { columns, rows });
      stream.emit('resize');
      await drawn();
    },
    async lines() {
      await drawn();
      const { active } = terminal.buffer;
      const lines = Array.from({ length: active.length }, (_, index) =>
        active.getLine(index)!.translateToString(true),
      );
      return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1);
    },
  };
}
