import { DecodeAuthorizationMessageCommand, type STSClient } from '@aws-sdk/client-sts';
import { type CallOptions, createSender, type DecodeDenial } from '@ec2-image/aws-call';

/** Somebody is waiting for the message, which is good enough without. */
const patienceMs = 5000;

/** Asks STS; not again where these credentials may not, and once for each denial. */
export function createDenialDecoder(
  sts: STSClient,
  options: Pick<CallOptions, 'outageTimeoutMs' | 'clock'>,
): DecodeDenial {
  const decoded = new Map<string, Promise<string | undefined>>();
  let mayDecode = true;
  const ask = async (EncodedMessage: string, signal: AbortSignal | undefined) => {
    const sender = createSender({ ...options, client: sts, service: 'STS', signal });
    const limits = { retry: false, timeoutMs: patienceMs } as const;
    try {
      const { DecodedMessage } = await sender.send(
        new DecodeAuthorizationMessageCommand({ EncodedMessage }),
        limits,
      );
      return DecodedMessage;
    } catch {
      mayDecode = false;
      return undefined;
    }
  };
  return async (encoded, signal) => {
    const known = decoded.get(encoded);
    if (known) return known;
    if (!mayDecode) return undefined;
    const answer = ask(encoded, signal);
    decoded.set(encoded, answer);
    return answer;
  };
}
