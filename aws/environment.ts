// The only place where the functions read their environment. infra/constructs/ says which function gets which name.

/** Every name that is read. */
export const variableNames = [
  'STAGE',
  'TABLE_PREFIX',
  'CONTENT_BUCKET',
  'RUNNABLE_QUEUE_URL',
  'WORK_QUEUE_URL',
  'STATE_MACHINE_ARN',
  'CLUSTER',
  'TASK_DEFINITION',
  'DEBUG_TASK_DEFINITION',
  'WORKER_LOG_GROUP',
  'DEPLOYMENT_KEY_PARAMETER',
  'API_URL_PARAMETER',
  'REGION_NAME',
  'LEASE_SECONDS',
  'HEARTBEAT_SECONDS',
  'WORKERS_PER_USER',
  // Lambda's own name for the function that is running.
  'AWS_LAMBDA_FUNCTION_NAME',
  // AWS's own names for "another endpoint". The clients read them by themselves, except one (websocket.ts).
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI',
] as const;
export type Variable = (typeof variableNames)[number];
export type Environment = { readonly [name in Variable]?: string };

/** The variables that are set and not empty. */
export function readEnvironment(source: Readonly<Record<string, string | undefined>> = process.env): Environment {
  return Object.fromEntries(variableNames.flatMap((name) => (source[name] ? [[name, source[name]]] : [])));
}

/** @throws Error that names the variable: this function was deployed without a value that it uses. */
export function required(environment: Environment, name: Variable): string {
  const value = environment[name];
  if (value === undefined) throw new Error(`The environment variable ${name} is not set for this function.`);
  return value;
}

/** @throws Error when it is not set, or not a number above zero. */
export function requiredNumber(environment: Environment, name: Variable): number {
  const value = Number(required(environment, name));
  if (!(value > 0)) throw new Error(`The environment variable ${name} must be a number above zero.`);
  return value;
}
