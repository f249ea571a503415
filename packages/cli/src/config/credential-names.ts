/**
 * What the names of credentials are made of: AWS's own, those of CI systems and registries, and what people call
 * theirs. Words that end other names too, such as the `PAT` of `PATTERN`, count only where they stand alone.
 */
const patterns: readonly RegExp[] = [
  /SECRET|TOKEN|PASSW(OR)?D|PASSPHRASE|PASSCODE|CREDENTIAL|BEARER|COOKIE|JWT|CONNECTION_?STRING/,
  /(ACCESS|ACCOUNT|API|AUTH|CLIENT|DEPLOY|ENCRYPTION|MASTER|PRIVATE|SHARED|SIGNING|SSH|STORAGE)_?KEY/,
  // AWS_KEY, GPG_KEY; but anybody may see the id of a KMS key, a public key, and the key of an object.
  /(?<!(^|_)(KMS|PUBLIC|OBJECT))_KEY$/,
  /(^|_)(AUTH|PASS|PAT)(_|$)|(DB|SSH|USER)PASS$/,
  // MYSQL_PWD and VAULT_PW, and neither PWD nor OLDPWD.
  /_PWD?$/,
  // An address with its user and password in it.
  /(^|_)(DATABASE|DB|MONGO(DB)?|MYSQL|POSTGRES(QL)?|REDIS)_UR[IL]$|(^|_)DSN$/,
];

/** Whether an environment variable of this name is likely to hold a credential, or part of one. */
export function namesCredential(name: string): boolean {
  return patterns.some((pattern) => pattern.test(name.toUpperCase()));
}
