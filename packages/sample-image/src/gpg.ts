import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A key of a gpg of its own. */
export interface GpgKey {
  /** Capital hex digits. */
  readonly fingerprint: string;
}

export interface Gpg extends AsyncDisposable {
  /** A directory that goes with it. */
  readonly directory: string;
  gpg(...args: readonly string[]): Promise<string>;
  /**
   * @param algorithm such as `ed25519`, `rsa2048`
   * @param options.at `20200101T000000`: when gpg believes it to be
   * @param options.name of its user id, in front of a number and an address; default `Publisher`
   */
  makeKey(
    algorithm: string,
    options?: { expires?: string; at?: string; usage?: string; name?: string },
  ): Promise<GpgKey>;
  /** The public keys, in a new file. */
  exportKeys(keys: readonly GpgKey[], options?: { armor?: boolean; name?: string }): Promise<string>;
  /** The bytes that gpg writes for a content: `--clear-sign`, `--detach-sign`. */
  sign(key: string | GpgKey, content: string | Buffer, how: readonly string[]): Promise<Buffer>;
}

/** gpg itself, with an empty home. Dispose of it: its agent runs on otherwise. */
export async function openGpg(): Promise<Gpg> {
  // Short: gpg's agent listens on a socket in it.
  const home = await mkdtemp(join(tmpdir(), 'gpg-'));
  const fixed = ['--homedir', home, '--batch', '--yes', '--pinentry-mode', 'loopback', '--passphrase', ''];
  let files = 0;
  const newFile = (name = 'file') => join(home, `${++files}-${name}`);
  const gpg = async (...args: readonly string[]) =>
    (await run('gpg', [...fixed, ...args], { encoding: 'utf8' })).stdout;
  return {
    directory: home,
    gpg,
    async makeKey(algorithm, { expires = 'never', at, usage = 'sign', name = 'Publisher' } = {}) {
      const userId = `${name} ${++files} <publisher@example.org>`;
      await gpg(
        ...(at ? ['--faked-system-time', at] : []),
        '--quick-generate-key',
        userId,
        algorithm,
        usage,
        expires,
      );
      const listed = await gpg('--with-colons', '--list-keys', `=${userId}`);
      return { fingerprint: /^fpr:+([0-9A-F]+):/m.exec(listed)![1]! };
    },
    async exportKeys(keys, { armor = true, name = 'keyring' } = {}) {
      const path = newFile(name);
      const ids = keys.map(({ fingerprint }) => fingerprint);
      await gpg(...(armor ? ['--armor'] : []), '--output', path, '--export', ...ids);
      return path;
    },
    async sign(key, content, how) {
      const path = newFile();
      await writeFile(path, content);
      const user = typeof key === 'string' ? key : key.fingerprint;
      await gpg('--local-user', user, ...how, '--output', `${path}.signed`, path);
      return readFile(`${path}.signed`);
    },
    async [Symbol.asyncDispose]() {
      await run('gpgconf', ['--homedir', home, '--kill', 'all']);
      await rm(home, { recursive: true, force: true });
    },
  };
}
