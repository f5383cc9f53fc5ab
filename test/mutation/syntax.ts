// Reads the syntax tree of a TypeScript file, and walks the parts of it that run. Types, names and patterns do not run.

import { parseAst } from 'vitest/node';

/** A node of the tree (https://github.com/estree/estree), with the fields that the mutators read. */
export type Node = {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
};

export function parse(text: string): Node {
  return parseAst(text, { lang: 'ts' }) as unknown as Node;
}

/** The nodes below a node that run, in their order in the text. */
export function runningChildren(node: Node): Node[] {
  if (node.type.startsWith('TS') && !typeWrappers.has(node.type)) return [];
  const skipped = skippedFields[node.type] ?? [];
  const children = Object.entries(node).flatMap(([field, value]) => (skipped.includes(field) ? [] : nodesIn(value)));
  return children.sort((one, other) => one.start - other.start);
}

/** True for a node with a type of the list. */
export function isOneOf(node: unknown, ...types: readonly string[]): node is Node {
  return isNode(node) && types.includes(node.type);
}

function nodesIn(value: unknown): Node[] {
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  return isNode(value) ? [value] : [];
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** Expressions that run, with a type beside them. */
const typeWrappers = new Set(['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression']);

/** Node type → fields that are a name, a target or a type. */
const skippedFields: { readonly [type: string]: readonly string[] } = {
  ImportDeclaration: ['specifiers', 'source', 'attributes'],
  ImportExpression: ['source'],
  ExportNamedDeclaration: ['specifiers', 'source', 'attributes'],
  ExportAllDeclaration: ['source', 'exported', 'attributes'],
  Property: ['key'],
  PropertyDefinition: ['key', 'typeAnnotation'],
  MethodDefinition: ['key'],
  AssignmentExpression: ['left'],
  UpdateExpression: ['argument'],
  TemplateLiteral: ['quasis'],
  TSAsExpression: ['typeAnnotation'],
  TSSatisfiesExpression: ['typeAnnotation'],
  CallExpression: ['typeArguments'],
  NewExpression: ['typeArguments'],
};
