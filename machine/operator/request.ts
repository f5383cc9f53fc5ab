// The requests that the operator of this machine may make to a running platform, and their answers. Types only.

export type OperatorRequest =
  | { readonly action: 'addUser'; readonly name: string }
  | { readonly action: 'issueToken'; readonly name: string };

export type OperatorAnswer =
  | { readonly user: string; readonly password?: string; readonly token: string; readonly project?: string }
  /** A refusal in the user's words. */
  | { readonly refusal: string };
