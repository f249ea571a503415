/** First words of a command line that ask for the version. */
export const versionWords = ['--version', '-v'] as const;

/** First words of a command line that the table of commands does not hold. */
export const metaWords = ['help', '--help', '-h', ...versionWords] as const;
