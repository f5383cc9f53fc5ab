// The requests that the operator of this machine may make to a running platform, and their answers. Types only.

export type UserRequest = { readonly action: 'addUser' | 'issueToken'; readonly name: string };
/** Asks where a held job can be entered. `name` is the id of the job. */
export type EnterRequest = { readonly action: 'enter'; readonly name: string };
export type OperatorRequest = UserRequest | EnterRequest;

export type UserAnswer = {
  readonly user: string;
  readonly password?: string;
  readonly token: string;
  readonly project?: string;
};
/** The id of the task that keeps the job. */
export type EnterAnswer = { readonly task: string };
export type AnswerTo<Request extends OperatorRequest> = Request extends EnterRequest ? EnterAnswer : UserAnswer;
/** `refusal`: in the user's words. */
export type OperatorAnswer = UserAnswer | EnterAnswer | { readonly refusal: string };
