import { expect } from 'vitest';
import { documentSchemas } from '../../src/documents/document-schemas.ts';
import { isCommand } from '../../src/options/commands.ts';

/** A command's stdout as its one JSON document, which has what its published schema says, and nothing else. */
export function parseDocument<T>([command]: readonly string[], stdout: string): T {
  const document = JSON.parse(stdout);
  if (isCommand(command)) expect(documentSchemas[command].parse(document)).toEqual(document);
  return document as T;
}
