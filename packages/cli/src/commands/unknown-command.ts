import { UsageError } from '../errors/cli-error.ts';
import { commandNames } from '../options/commands.ts';
import { show } from '../options/kinds/kind.ts';
import { didYouMean } from '../options/suggest.ts';
import { metaWords } from './meta-words.ts';

/** @returns a UsageError `USAGE` */
export function unknownCommand(word: string): UsageError {
  const hint = 'See `ec2-image --help` for the commands.';
  return word.startsWith('-')
    ? new UsageError('USAGE', `expected a command before ${word}${didYouMean(word, metaWords)}`, { hint })
    : new UsageError('USAGE', `unknown command ${show(word)}${didYouMean(word, [...commandNames, 'help'])}`, {
        hint,
      });
}
