/**
 * What an element may hold: text, further elements, or, as an array, the same element once for each of its values.
 * Any other iterable is such an array too, but read only while the document is written.
 */
export type XmlValue =
  | string
  | number
  | boolean
  | Date
  | undefined
  | XmlElements
  | readonly XmlValue[]
  | Iterable<XmlElements>;
export interface XmlElements {
  readonly [name: string]: XmlValue;
}

/** `undefined` leaves its element out; an empty string, list or object leaves it empty. */
export function renderElements(elements: XmlElements): string {
  let xml = '';
  for (const [name, value] of Object.entries(elements)) xml += renderElement(name, value);
  return xml;
}

function renderElement(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  if (isIterable(value)) {
    let xml = '';
    for (const item of value) xml += renderElement(name, item);
    return xml;
  }
  const content = renderContent(value);
  return content === '' ? `<${name}/>` : `<${name}>${content}</${name}>`;
}

function renderContent(value: string | number | boolean | Date | XmlElements): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? renderElements(value) : escapeText(String(value));
}

/** The same in pieces, for answers too long to hold: lists that are not arrays come out item by item. */
export function* renderPieces(elements: XmlElements): Generator<string> {
  for (const [name, value] of Object.entries(elements)) {
    if (isIterable(value)) {
      for (const item of value) yield renderElement(name, item);
    } else if (isElements(value) && hasLazyList(value)) {
      yield `<${name}>`;
      yield* renderPieces(value);
      yield `</${name}>`;
    } else {
      yield renderElement(name, value);
    }
  }
}

export function hasLazyList(value: XmlValue): boolean {
  if (isIterable(value)) return !Array.isArray(value);
  return isElements(value) && Object.values(value).some(hasLazyList);
}

function isIterable(value: XmlValue): value is readonly XmlValue[] | Iterable<XmlElements> {
  return typeof value === 'object' && Symbol.iterator in value;
}

function isElements(value: XmlValue): value is XmlElements {
  return typeof value === 'object' && !isIterable(value) && !(value instanceof Date);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};

/** XML 1.0 cannot carry the other control characters in any form: they come out as U+FFFD. */
export function escapeText(text: string): string {
  return (
    text
      .replace(/[&<>"\r]/g, (character) => entities[character]!)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly the characters that XML 1.0 excludes
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu, '\ufffd')
  );
}
