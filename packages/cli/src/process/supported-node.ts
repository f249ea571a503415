/** `engines` of the package: the first release that runs it. */
const oldest = '22.19.0';

// Loaded before anything that an older release lacks: its own message would be one of syntax.
if (isOlder(process.versions.node, oldest)) {
  process.stderr.write(
    `error: ec2-image needs Node.js ${oldest} or later, and this is ${process.versions.node}. Install a newer Node.js.\n`,
  );
  process.exit(1);
}

function isOlder(version: string, limit: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [limitMajor = 0, limitMinor = 0] = limit.split('.').map(Number);
  return major < limitMajor || (major === limitMajor && minor < limitMinor);
}
