import { invalidArgument } from '../errors.ts';

const most = 1000;

/** Of `max-keys` and its kind: a thousand unless fewer are asked for. */
export function pageSize(query: URLSearchParams, name: string): number {
  const text = query.get(name);
  if (text === null || text === '') return most;
  if (!/^\d{1,10}$/.test(text) || Number(text) > 2_147_483_647) {
    throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, text);
  }
  return Math.min(Number(text), most);
}
