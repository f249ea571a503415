import { readKeyring, unusableKeys } from '@ec2-image/fetch';
import { type CheckReport, check } from './report.ts';

/** That the keyring of an image can be read, and that somebody whose key is in it can have signed something. */
export function checkKeyring({
  name,
  path,
}: {
  readonly name: string;
  readonly path: string;
}): Promise<CheckReport> {
  return check(`keyring of ${name}`, async () => {
    const keyring = await readKeyring({ path });
    const unusable = await unusableKeys(keyring);
    const { shown, keys } = keyring;
    const counted = `${keys.length} public ${keys.length === 1 ? 'key' : 'keys'} in ${shown}`;
    if (unusable.length === 0) return { state: 'ok', detail: counted };
    const which = unusable.map(({ fingerprint, why }) => `${fingerprint} ${why}`).join('; ');
    return {
      state: unusable.length < keys.length ? 'warning' : 'failed',
      detail: `${counted}: ${which}`,
      hint: "Get the publisher's current key: no signature by such a key counts.",
    };
  });
}
