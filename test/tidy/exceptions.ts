// The exceptions to the rules. Each gives its reason, and the list only shrinks.

export type Exception = { readonly rule: string; readonly path: string; readonly reason: string };

export const exceptions: readonly Exception[] = [
  { rule: 'plain language', path: 'CONTRIBUTING.md', reason: 'names the phrases that are not used' },
];

/** Names that only comments use. Each gives its reason, and the list only shrinks. */
export const namesOfOthers: readonly { readonly name: string; readonly reason: string }[] = [
  { name: 'camelCase', reason: 'says how a word is written' },
  { name: 'eventBridgeEnabled', reason: 'a property of the CDK that is not used, and the comment says why' },
  { name: 'awsQueryError', reason: "a trait in the models of AWS's services" },
];
