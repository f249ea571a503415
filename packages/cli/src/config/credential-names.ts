/**
 * What the names of credentials are made of: AWS's own, those of CI systems and registries, and what people call
 * theirs. Words that end other names too, such as the `PAT` of `PATTERN`, count only where they stand alone.
 */
const patterns: readonly RegExp[] = [
  /SECRET|TOKEN|PASSW(OR)?D|PASSPHRASE|PASSCODE|CREDENTIAL|BEARER|COOKIE|JWT|CONNECTION_?STRING/,
  // Not every key: `kms-key` takes one that anybody may see.
  /(ACCESS|ACCOUNT|API|AUTH|CLIENT|DEPLOY|ENCRYPTION|MASTER|PRIVATE|SHARED|SIGNING|SSH|STORAGE)_?KEY/,
  /(^|_)(AUTH|PASS|PAT)(_|$)/,
  // MYSQL_PWD, and neither PWD nor OLDPWD.
  /_PWD$/,
];

/** Whether an environment variable of this name is likely to hold a credential, or part of one. */
export function namesCredential(name: string): boolean {
  return patterns.some((pattern) => pattern.test(name.toUpperCase()));
}
