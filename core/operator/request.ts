// The requests that the owner of this machine may make to a running platform, and their answers. Types only.

/** Each action with what it needs and what it answers. Times are in milliseconds since 1970. */
export type OperatorActions = {
  readonly addUser: { readonly request: Named; readonly answer: UserAnswer };
  readonly listUsers: { readonly request: Nothing; readonly answer: { readonly users: readonly ListedUser[] } };
  /** `withProjects`: destroys the projects that nobody else administers. */
  readonly removeUser: {
    readonly request: Named & { readonly withProjects: boolean };
    readonly answer: { readonly removed: string; readonly destroyed: readonly string[] };
  };
  /** Without a password a random one is made. */
  readonly setPassword: {
    readonly request: Named & { readonly password?: string | undefined };
    readonly answer: { readonly user: string; readonly password: string };
  };
  readonly issueToken: {
    readonly request: Named & { readonly label?: string | undefined; readonly days?: number | undefined };
    readonly answer: UserAnswer;
  };
  readonly listTokens: { readonly request: Named; readonly answer: { readonly tokens: readonly ListedToken[] } };
  /** `token`: the beginning of an id, or the token itself. */
  readonly revokeToken: {
    readonly request: Named & { readonly token: string };
    readonly answer: { readonly revoked: ListedToken };
  };
  /** Asks where a held job can be entered. `name` is the id of the job, and `task` the task that keeps it. */
  readonly enter: { readonly request: Named; readonly answer: { readonly task: string } };
  readonly countExecutions: { readonly request: Nothing; readonly answer: ExecutionCounts };
};

type Nothing = { readonly name?: undefined };
/** The name of a user, unless the action says otherwise. */
type Named = { readonly name: string };

export type OperatorAction = keyof OperatorActions;
export type OperatorRequest = {
  [Action in OperatorAction]: { readonly action: Action } & OperatorActions[Action]['request'];
}[OperatorAction];
export type AnswerTo<Request extends { readonly action: OperatorAction }> =
  OperatorActions[Request['action']]['answer'];
/** `refusal`: in the user's words. */
export type OperatorRefusal = { readonly refusal: string };
/** The answer to an action, or its refusal, when the action has been carried out. */
export type OperatorReply<Action extends OperatorAction> = Promise<OperatorActions[Action]['answer'] | OperatorRefusal>;
export type OperatorAnswer = OperatorActions[OperatorAction]['answer'] | OperatorRefusal;

/** `password`: present for a new user. `project`: the oldest project of the user. */
export type UserAnswer = {
  readonly user: string;
  readonly password?: string;
  readonly token: string;
  readonly project?: string;
};
export type ListedUser = { readonly name: string; readonly created: number };
/** `id` is the hash of the token. It does not give access. */
export type ListedToken = {
  readonly id: string;
  readonly label: string;
  readonly created: number;
  readonly expiresAt: number;
};
/** Executions that have not ended, by state. `isComplete` is false when there are more than were counted. */
export type ExecutionCounts = { readonly states: Readonly<Record<string, number>>; readonly isComplete: boolean };
