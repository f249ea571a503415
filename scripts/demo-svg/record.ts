/**
 * Writes docs/assets/demo.svg from a real run of the demo in a terminal: `npm run docs:record`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Chunk, framesOf } from './frames.ts';
import { renderSvg } from './render.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const window = { columns: 108, rows: 32 };
const output = join(root, 'docs/assets/demo.svg');

const directory = await mkdtemp(join(tmpdir(), 'demo-'));
const chunks: Chunk[] = [];
try {
  const command = `stty cols ${window.columns} rows ${window.rows}; exec "$NODE" "$BIN" demo`;
  // Its output is a terminal to the command, and a pipe to us.
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
    env: {
      PATH: process.env.PATH,
      HOME: directory,
      TERM: 'xterm-256color',
      SHELL: '/bin/sh',
      NODE: process.execPath,
      BIN: join(root, 'packages/cli/dist/bin.js'),
      TMPDIR: directory,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const started = performance.now();
  const typed = Buffer.from('\x1b[32m$\x1b[0m ec2-image demo\r\n');
  chunks.push({ atMs: 0, data: typed });
  child.stdout.on('data', (data: Buffer) => chunks.push({ atMs: performance.now() - started, data }));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the demo ended with ${code}`);
} finally {
  await rm(directory, { recursive: true, force: true });
}
const frames = await framesOf(chunks, { ...window, everyMs: 700 });
await writeFile(output, renderSvg(frames, { ...window, title: 'A run of ec2-image demo in a terminal' }));
console.log(`${output}: ${frames.length} frames`);
