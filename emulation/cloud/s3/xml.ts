// Writes S3's answers as XML, and reads the few small documents that clients send.

import { refuse } from './s3-error.ts';

/** Text, children by name, or several elements of one name. Undefined values are left out. */
type XmlValue = string | number | boolean | undefined | XmlNode | readonly XmlValue[];
export type XmlNode = { readonly [name: string]: XmlValue };
/** An element of a parsed document. */
export type XmlElement = { readonly name: string; text: string; readonly children: XmlElement[] };

/** Renders a document with the single root element of `node`. Documents have S3's namespace, except for errors. */
export function renderXml(node: XmlNode): string {
  const [[name, value] = ['', undefined]] = Object.entries(node);
  const attribute = name === 'Error' ? '' : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}${attribute}>${renderValue(value)}</${name}>`;
}

/**
 * Parses a document. Throws MalformedXML if it is not well-formed or its root is not `rootName`. Refuses entities and
 * DOCTYPEs.
 */
export function parseXml(text: string, rootName: string): XmlElement {
  const document: XmlElement = { name: '', text: '', children: [] };
  const open = [document];
  // An instruction, a comment, CDATA, a tag, or text.
  const token = /<\?[^>]*\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([^\s<>/!?]+)([^<>]*?)(\/?)>|([^<]+)|</g;
  for (const match of text.matchAll(token)) {
    const [whole, data, closing, name, , empty, plain] = match;
    const current = open.at(-1) as XmlElement;
    if (plain !== undefined) current.text += decodeEntities(plain);
    else if (data !== undefined) current.text += data;
    else if (name === undefined) {
      if (whole === '<') throw refuse('MalformedXML');
    } else if (closing) {
      if (open.length < 2 || current.name !== localName(name)) throw refuse('MalformedXML');
      open.pop();
    } else {
      const element: XmlElement = { name: localName(name), text: '', children: [] };
      current.children.push(element);
      if (!empty) open.push(element);
      if (open.length > maximumDepth) throw refuse('MalformedXML');
    }
  }
  const root = document.children[0];
  const single = document.children.length === 1 && document.text.trim() === '' && open.length === 1;
  if (!root || !single || root.name !== rootName) throw refuse('MalformedXML');
  return root;
}

/** The text of the first child with this name. */
export function childText(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

function renderValue(value: XmlValue): string {
  if (value === undefined) return '';
  if (typeof value !== 'object') return escapeText(String(value));
  return Object.entries(value as XmlNode)
    .map(([name, child]) => renderElement(name, child))
    .join('');
}

function renderElement(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((each: XmlValue) => renderElement(name, each)).join('');
  return `<${name}>${renderValue(value)}</${name}>`;
}

/** Writes control characters as numeric references, as S3 does. */
function escapeText(text: string): string {
  return text.replace(/[<>&"\u0000-\u0008\u000b-\u001f]/g, (mark) => {
    const name = Object.keys(entities).find((candidate) => entities[candidate] === mark);
    return name ? `&${name};` : `&#${mark.charCodeAt(0)};`;
  });
}

function decodeEntities(text: string): string {
  return text.replace(/&([^;&]*);?/g, (whole, name: string) => {
    const named = Object.hasOwn(entities, name) ? entities[name] : undefined;
    if (named !== undefined && whole.endsWith(';')) return named;
    const numeric = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name);
    const code = numeric ? Number.parseInt(numeric[1] ?? numeric[2] ?? '', numeric[1] ? 16 : 10) : Number.NaN;
    if (!(code <= 0x10ffff) || !whole.endsWith(';')) throw refuse('MalformedXML');
    return String.fromCodePoint(code);
  });
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';
const maximumDepth = 8;
const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
