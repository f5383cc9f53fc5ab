// Event patterns on the `detail` of an event, with details that match and others that do not.
// Source of each: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html

export type EventPatternCase = {
  id: string;
  pattern: object;
  matching: readonly object[];
  other: readonly object[];
};

export const eventPatternCases: readonly EventPatternCase[] = [
  {
    id: 'exact',
    pattern: { a: ['x', 'y'] },
    matching: [{ a: 'x' }, { a: 'y', b: 1 }],
    other: [{ a: 'X' }, { b: 'x' }, {}],
  },
  { id: 'and', pattern: { a: ['x'], b: [1] }, matching: [{ a: 'x', b: 1 }], other: [{ a: 'x' }, { a: 'x', b: 2 }] },
  { id: 'nested', pattern: { a: { b: ['x'] } }, matching: [{ a: { b: 'x' } }], other: [{ a: 'x' }, { b: 'x' }] },
  { id: 'number', pattern: { a: [3] }, matching: [{ a: 3 }], other: [{ a: 4 }, { a: '3' }] },
  { id: 'boolean', pattern: { a: [true] }, matching: [{ a: true }], other: [{ a: false }, { a: 'true' }] },
  { id: 'null', pattern: { a: [null] }, matching: [{ a: null }], other: [{}, { a: '' }, { a: 'null' }] },
  { id: 'empty-string', pattern: { a: [''] }, matching: [{ a: '' }], other: [{ a: null }, {}, { a: ' ' }] },
  { id: 'array', pattern: { a: ['x'] }, matching: [{ a: ['w', 'x'] }], other: [{ a: ['w'] }, { a: [] }] },
  {
    id: 'array-of-objects',
    pattern: { a: { b: ['x'], c: [1] } },
    matching: [{ a: [{ b: 'w' }, { b: 'x', c: 1 }] }],
    other: [
      {
        a: [
          { b: 'x', c: 2 },
          { b: 'y', c: 1 },
        ],
      },
    ],
  },
  {
    id: 'prefix',
    pattern: { a: [{ prefix: 'us-' }] },
    matching: [{ a: 'us-east-1' }],
    other: [{ a: 'eu-us-' }, { a: 1 }],
  },
  {
    id: 'prefix-ignore-case',
    pattern: { a: [{ prefix: { 'equals-ignore-case': 'EventB' } }] },
    matching: [{ a: 'eventbridge' }, { a: 'EVENTB' }],
    other: [{ a: 'event' }],
  },
  {
    id: 'suffix',
    pattern: { a: [{ suffix: '.png' }] },
    matching: [{ a: 'x.png' }],
    other: [{ a: 'x.PNG' }, { a: 'png' }],
  },
  {
    id: 'suffix-ignore-case',
    pattern: { a: [{ suffix: { 'equals-ignore-case': '.png' } }] },
    matching: [{ a: 'x.PNG' }],
    other: [{ a: 'x.jpg' }],
  },
  {
    id: 'equals-ignore-case',
    pattern: { a: [{ 'equals-ignore-case': 'Alice' }] },
    matching: [{ a: 'aLICE' }],
    other: [{ a: 'alic' }, { a: 1 }],
  },
  {
    id: 'anything-but',
    pattern: { a: [{ 'anything-but': 'x' }] },
    matching: [{ a: 'y' }, { a: 1 }, { a: true }],
    other: [{ a: 'x' }, {}],
  },
  {
    id: 'anything-but-list',
    pattern: { a: [{ 'anything-but': ['x', 'y'] }] },
    matching: [{ a: 'z' }],
    other: [{ a: 'x' }, { a: 'y' }],
  },
  { id: 'anything-but-number', pattern: { a: [{ 'anything-but': [1, 2] }] }, matching: [{ a: 3 }], other: [{ a: 1 }] },
  {
    id: 'anything-but-prefix',
    pattern: { a: [{ 'anything-but': { prefix: 'init' } }] },
    matching: [{ a: 'x' }],
    other: [{ a: 'initial' }, {}],
  },
  {
    id: 'anything-but-suffix',
    pattern: { a: [{ 'anything-but': { suffix: '.txt' } }] },
    matching: [{ a: 'x.png' }],
    other: [{ a: 'x.txt' }],
  },
  {
    id: 'anything-but-prefix-list',
    pattern: { a: [{ 'anything-but': { prefix: ['init', 'x-'] } }] },
    matching: [{ a: 'done' }],
    other: [{ a: 'x-1' }, { a: 'init' }],
  },
  {
    id: 'anything-but-ignore-case',
    pattern: { a: [{ 'anything-but': { 'equals-ignore-case': ['init', 'stop'] } }] },
    matching: [{ a: 'go' }],
    other: [{ a: 'INIT' }, { a: 'Stop' }],
  },
  {
    id: 'anything-but-wildcard',
    pattern: { a: [{ 'anything-but': { wildcard: '*/lib/*' } }] },
    matching: [{ a: '/usr/bin/x' }],
    other: [{ a: '/usr/lib/x' }],
  },
  {
    id: 'numeric',
    pattern: { a: [{ numeric: ['>', 0, '<=', 5] }] },
    matching: [{ a: 5 }, { a: 0.5 }],
    other: [{ a: 0 }, { a: 5.1 }, { a: '3' }, {}],
  },
  { id: 'numeric-equals', pattern: { a: [{ numeric: ['=', 3.5] }] }, matching: [{ a: 3.5 }], other: [{ a: 3 }] },
  { id: 'numeric-below', pattern: { a: [{ numeric: ['<', 10] }] }, matching: [{ a: -1 }], other: [{ a: 10 }] },
  { id: 'exists', pattern: { a: [{ exists: true }] }, matching: [{ a: 'x' }, { a: 0 }], other: [{}, { a: { b: 1 } }] },
  {
    id: 'exists-not',
    pattern: { a: [{ exists: false }], b: [1] },
    matching: [{ b: 1 }],
    other: [{ a: 1, b: 1 }, { a: 1 }],
  },
  {
    id: 'exists-not-or-value',
    pattern: { a: [{ exists: false }, 'x'] },
    matching: [{}, { a: 'x' }],
    other: [{ a: 'y' }],
  },
  {
    id: 'exists-not-nested',
    pattern: { a: { b: [{ exists: false }] } },
    matching: [{ c: 1 }],
    other: [{ a: { b: 1 } }],
  },
  {
    id: 'wildcard',
    pattern: { a: [{ wildcard: 'dir/*.png' }] },
    matching: [{ a: 'dir/x.png' }, { a: 'dir/a/b.png' }, { a: 'dir/.png' }],
    other: [{ a: 'dir/x.jpg' }, { a: 'x/dir/x.png' }, { a: 'dir.png' }],
  },
  {
    id: 'wildcard-many',
    pattern: { a: [{ wildcard: '*a*b*ab' }] },
    matching: [{ a: 'abab' }, { a: 'xaybzab' }],
    other: [{ a: 'aab' }, { a: 'abba' }],
  },
  {
    id: 'wildcard-escape',
    pattern: { a: [{ wildcard: 'a\\*\\\\*' }] },
    matching: [{ a: 'a*\\x' }],
    other: [{ a: 'ab\\x' }],
  },
  {
    id: 'cidr',
    pattern: { a: [{ cidr: '10.0.0.0/24' }] },
    matching: [{ a: '10.0.0.255' }],
    other: [{ a: '10.0.1.0' }, { a: 'x' }],
  },
  {
    id: 'or',
    pattern: { $or: [{ a: ['x'] }, { b: [{ numeric: ['>', 1] }] }], c: [1] },
    matching: [
      { a: 'x', c: 1 },
      { b: 2, c: 1 },
    ],
    other: [{ a: 'x' }, { b: 1, c: 1 }],
  },
  {
    id: 'or-as-field',
    pattern: { $or: [{ prefix: 'x' }, { prefix: 'y' }] },
    matching: [{ $or: 'xa' }],
    other: [{ $or: 'za' }, { prefix: 'x' }],
  },
  {
    id: 'mixed',
    pattern: { a: ['x', { prefix: 'y' }, 3] },
    matching: [{ a: 'x' }, { a: 'yz' }, { a: 3 }],
    other: [{ a: 'z' }],
  },
];

/** Patterns that EventBridge refuses. */
export const refusedPatterns: Readonly<Record<string, unknown>> = {
  'empty-array': { a: [] },
  'bare-value': { a: 'x' },
  'unknown-operator': { a: [{ contains: 'x' }] },
  'two-operators': { a: [{ prefix: 'x', suffix: 'y' }] },
  'consecutive-wildcards': { a: [{ wildcard: 'a**b' }] },
  'wrong-escape': { a: [{ wildcard: 'a\\b' }] },
  'numeric-upside-down': { a: [{ numeric: ['>', 5, '<', 1] }] },
  'numeric-text': { a: [{ numeric: ['>', '5'] }] },
  'mixed-anything-but': { a: [{ 'anything-but': ['x', 1] }] },
  'exists-text': { a: [{ exists: 'yes' }] },
};
