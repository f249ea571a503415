import { Command, Option } from 'clipanion';
import { type Completions, complete } from '../completion/complete.ts';
import { parseShellLine, quoteForBash } from '../completion/shell-line.ts';
import { exitCodes } from '../errors/exit-code.ts';

/** A line each: what would break one, or the terminal that shows it, cannot be offered. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are the ones
const unfit = /[\u0000-\u001f\u007f-\u009f]/;

/** `ec2-image __complete SHELL …`: what the scripts of `ec2-image completion` ask for. */
export class CompleteCommand extends Command {
  static override paths = [['__complete']];

  args = Option.Proxy();

  async execute(): Promise<number> {
    const [shell, ...args] = this.args;
    const { paths = '-', candidates } = shell === 'bash' ? this.ofLine(args) : this.ofWords(args);
    const fit = candidates.filter(([value]) => !unfit.test(value));
    const lines = fit.map(([value, about]) => (about === undefined ? value : `${value}\t${about}`));
    this.context.stdout.write([paths, ...lines, ''].join('\n'));
    return exitCodes.done;
  }

  /** The line up to the cursor, and readline's word breaks. */
  private ofLine([text = '', wordBreaks = '']: readonly string[]): Completions {
    const line = parseShellLine(text, { wordBreaks });
    const { word } = line;
    const { paths, candidates } = complete({ words: line.words.slice(1), word, env: this.context.env });
    return {
      paths,
      candidates: candidates
        .filter(([value]) => value.startsWith(word))
        .map(([value]) => [quoteForBash(value, line)]),
    };
  }

  /** The words behind the command, the last of them being typed. */
  private ofWords(words: readonly string[]): Completions {
    return complete({ words: words.slice(0, -1), word: words.at(-1) ?? '', env: this.context.env });
  }
}
