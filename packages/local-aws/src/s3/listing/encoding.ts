import { invalidArgument } from '../errors.ts';

export type EncodeName = (name: string) => string;

/** With `encoding-type=url` names come percent-encoded, so that XML can carry any of them. */
export function readEncoding(query: URLSearchParams): {
  encode: EncodeName;
  encodingType: 'url' | undefined;
} {
  const type = query.get('encoding-type');
  if (type === null || type === '') return { encode: (name) => name, encodingType: undefined };
  if (type !== 'url') {
    throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', type);
  }
  return { encode: urlEncode, encodingType: 'url' };
}

/** A slash stays, as S3 leaves it. */
export function urlEncode(name: string): string {
  return encodeURIComponent(name)
    .replaceAll('%2F', '/')
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
