// Event patterns on the `detail` of an event, with details that match and others that do not.
// The source of each is https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html

export type EventPatternCase = {
  readonly id: string;
  readonly pattern: object;
  readonly matching: readonly object[];
  readonly other: readonly object[];
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
];

/** Patterns that EventBridge refuses. */
export const refusedPatterns: Readonly<Record<string, unknown>> = {
  'empty-array': { a: [] },
  'bare-value': { a: 'x' },
  'unknown-operator': { a: [{ contains: 'x' }] },
  'two-operators': { a: [{ prefix: 'x', suffix: 'y' }] },
};
