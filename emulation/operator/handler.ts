// The operator's function. It runs in a thread of its own with a key that may do everything. Only the owner of the data
// folder can reach it.

import { createContext } from '../../aws/context.ts';
import { readEnvironment } from '../../aws/environment.ts';
import type { Context } from '../../core/context.ts';
import type { OperatorAnswer, OperatorRequest } from '../../core/operator/request.ts';
import { operate } from '../../engine/operator/operate.ts';

let context: Context | undefined;

export async function handler(request: OperatorRequest): Promise<OperatorAnswer> {
  context ??= createContext(readEnvironment());
  return operate(context, request);
}
