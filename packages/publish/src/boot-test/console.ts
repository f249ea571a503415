/** A login prompt, or cloud-init's last line. */
export const defaultExpectation = /\blogin: ?$|Cloud-init v\. \S+ finished at/m;

const tailLines = 30;

/**
 * What a console's output says: its bytes in base64, of a terminal, with escape sequences and whatever a guest writes. Those are
 * left out, so that nothing of it acts on the reader's own terminal.
 */
export function readConsole(output: string | undefined): string {
  return (
    Buffer.from(output ?? '', 'base64')
      .toString('utf8')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences of terminals begin with one
      .replace(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]*[0-~])/g, '')
      .replace(/\r+\n?/g, '\n')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is left out
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
  );
}

/** The last lines that say anything. */
export function consoleTail(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-tailLines);
}
