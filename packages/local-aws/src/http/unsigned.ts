import type { IncomingMessage } from 'node:http';
import type { ServiceName } from '../service.ts';

const formLimitBytes = 1024 * 1024;

/** Of an unsigned call of a Query service: its body tells which service it is for. Undefined for any other request. */
export async function readUnsignedForm(message: IncomingMessage): Promise<Buffer | undefined> {
  const { method, headers } = message;
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  if (method !== 'POST' || !isForm || headers.authorization !== undefined) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= formLimitBytes) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Calls that stand by a token of their own, and so come without a signature. */
export function needsNoSignature(service: ServiceName, parameters: URLSearchParams): boolean {
  if (service === 'sso') return true;
  return service === 'sts' && parameters.get('Action') === 'AssumeRoleWithWebIdentity';
}
