// The rules' exceptions: each names its reason, and the list only shrinks.
export type Exception = { readonly rule: string; readonly path: string; readonly reason: string };

export const exceptions: readonly Exception[] = [];
