import { expect, testWith } from './support/fixtures.ts';
import { runOnTerminal } from './support/on-terminal.ts';

const nothingAsked = { question: 'a question that nobody asks', answer: '' };
/** Without colours, every escape sequence moves the cursor or erases a line. */
const plain = { COLUMNS: '80', NO_COLOR: '1' };
const escapeSequence = '\u001b[';

testWith()(
  'on a terminal --no-progress prints lines that stay, and redraws none',
  async ({ argsOf, images }) => {
    const args = argsOf({ url: images.url('qcow2') });
    const redrawn = await runOnTerminal(args, { ...nothingAsked, env: plain });
    expect(redrawn.exitCode, redrawn.stderr).toBe(0);
    expect(redrawn.stderr).toContain(escapeSequence);

    const again = [...args, '--fresh', '--suffix', 'lines', '--no-progress'];
    const lines = await runOnTerminal(again, { ...nothingAsked, env: plain });
    expect(lines.exitCode, lines.stderr).toBe(0);
    expect(lines.stderr).not.toContain(escapeSequence);
    expect(lines.stderr).toContain('upload: started');

    const env = { ...plain, EC2_IMAGE_NO_PROGRESS: 'true' };
    expect((await runOnTerminal(args, { ...nothingAsked, env })).stderr).not.toContain(escapeSequence);
  },
);
