import type { Writable } from 'node:stream';

/** About what a pipe takes at once. */
const chunkCharacters = 65_536;

/**
 * `JSON.stringify(value, null, 2)` and a newline, in pieces: a plan that names every resource of an account is tens of megabytes.
 * The control characters that JSON allows in strings are escaped, too: the document may go to a terminal.
 */
export function* jsonText(value: unknown): Generator<string> {
  let chunk = '';
  for (const piece of jsonPieces(value, '')) {
    chunk += piece;
    if (chunk.length < chunkCharacters) continue;
    yield chunk;
    chunk = '';
  }
  yield `${chunk}\n`;
}

/**
 * At the reader's pace. Ends early where the stream can no longer be written; its 'error' event says why, to whoever
 * watches the outputs of the run.
 */
export async function writeJson(stream: Writable, value: unknown): Promise<void> {
  for (const text of jsonText(value)) if (await failsToWrite(stream, text)) return;
}

function failsToWrite(stream: Writable, text: string): Promise<boolean> {
  return new Promise((resolve) => void stream.write(text, (error) => resolve(Boolean(error))));
}

function* jsonPieces(value: unknown, indent: string): Generator<string> {
  const inner = `${indent}  `;
  if (Array.isArray(value) && value.length > 0) {
    yield '[';
    for (const [index, item] of value.entries()) {
      yield `${index > 0 ? ',' : ''}\n${inner}${indented(item ?? null, inner)}`;
    }
    yield `\n${indent}]`;
    return;
  }
  const entries = isPlain(value) ? Object.entries(value).filter(([, member]) => member !== undefined) : [];
  if (entries.length === 0) {
    yield indented(value, indent);
    return;
  }
  yield '{';
  for (const [index, [key, member]] of entries.entries()) {
    yield `${index > 0 ? ',' : ''}\n${inner}${stringify(key)}: `;
    yield* jsonPieces(member, inner);
  }
  yield `\n${indent}}`;
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('toJSON' in value);
}

function indented(value: unknown, indent: string): string {
  return stringify(value).replaceAll('\n', `\n${indent}`);
}

function stringify(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    /[\u007f-\u009f\u2028-\u202e]/g,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
