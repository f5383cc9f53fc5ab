// Carries out the requests of the owner of this machine, by the same functions as the API.

import type { Context } from '../../core/context.ts';
import { ApiError } from '../../core/error/api-error.ts';
import type {
  AnswerTo,
  OperatorAction,
  OperatorActions,
  OperatorAnswer,
  OperatorRefusal,
  OperatorReply,
  OperatorRequest,
} from '../../core/operator/request.ts';
import { countExecutions, findHeld } from './job-action.ts';
import { listTokens, newToken, withdrawToken } from './token-action.ts';
import { addUser, changePassword, dropUser, listUsers } from './user-action.ts';

/** Refusals are answers. @throws any other Error is a fault of the platform */
export async function operate<Request extends OperatorRequest>(
  context: Context,
  request: Request,
): Promise<AnswerTo<Request> | OperatorRefusal> {
  try {
    const act = actions[request.action] as (on: Context, request: OperatorRequest) => Promise<OperatorAnswer>;
    return (await act(context, request)) as AnswerTo<Request> | OperatorRefusal;
  } catch (error) {
    if (error instanceof ApiError) return { refusal: error.message };
    throw error;
  }
}

const actions: {
  readonly [Action in OperatorAction]: (
    on: Context,
    request: OperatorActions[Action]['request'],
  ) => OperatorReply<Action>;
} = {
  addUser,
  listUsers,
  removeUser: dropUser,
  setPassword: changePassword,
  issueToken: newToken,
  listTokens,
  revokeToken: withdrawToken,
  enter: findHeld,
  countExecutions,
};
