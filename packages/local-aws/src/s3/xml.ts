import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { renderElements, type XmlElements } from '../query/xml.ts';
import type { ServiceResponse } from '../service.ts';
import { s3Error } from './errors.ts';

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

export function renderDocument(root: string, content: XmlElements): string {
  return `${declaration}<${root} xmlns="${namespace}">${renderElements(content)}</${root}>`;
}

/** Errors alone are in no namespace. */
export function renderErrorDocument(content: XmlElements): string {
  return `${declaration}<Error>${renderElements(content)}</Error>`;
}

export function xmlResponse(
  root: string,
  content: XmlElements,
  headers: Readonly<Record<string, string>> = {},
): ServiceResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/xml', ...headers },
    body: renderDocument(root, content),
  };
}

/** An element of a request: text, or children by name, each a list. */
export interface XmlNode {
  readonly text: string;
  all(name: string): XmlNode[];
  first(name: string): XmlNode | undefined;
  /** Of the first child of this name. */
  textOf(name: string): string | undefined;
}

// Only the five entities of XML itself: a document type with entities of its own is refused before it is parsed.
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  removeNSPrefix: true,
  processEntities: true,
  htmlEntities: true,
});

type Ordered = Readonly<Record<string, Ordered[] | string>>;

/** The document's root, if it has that name; whatever else comes is a MalformedXML. */
export function parseXml(text: string, root: string): XmlNode {
  if (/<!DOCTYPE/i.test(text) || XMLValidator.validate(text) !== true) throw s3Error('MalformedXML');
  const found = node(parser.parse(text) as Ordered[]).first(root);
  if (!found) throw s3Error('MalformedXML');
  return found;
}

function node(children: readonly Ordered[]): XmlNode {
  const all = (name: string) =>
    children.flatMap((child) => (Array.isArray(child[name]) ? [node(child[name] as Ordered[])] : []));
  return {
    get text() {
      return children.map((child) => (typeof child['#text'] === 'string' ? child['#text'] : '')).join('');
    },
    all,
    first: (name) => all(name)[0],
    textOf: (name) => all(name)[0]?.text,
  };
}
