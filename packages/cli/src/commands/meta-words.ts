/** First words of a command line that the table of commands does not hold. */
export const metaWords = ['help', '--help', '-h', '--version', '-v'] as const;
