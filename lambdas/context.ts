// The context of this process: one for all its invocations, so that connections and the deployment's key are kept.

import { createContext } from '../aws/context.ts';
import { readEnvironment } from '../aws/environment.ts';

export const environment = readEnvironment();
export const context = createContext(environment);
