// The errors that states report, including those of the services that a Task calls, and the Retry and Catch rules that
// they match.

import { AwsError } from '../wire/aws-error.ts';

/** An error with the name and cause that history, catchers and DescribeExecution show. */
export class StateError extends Error {
  readonly error: string;
  readonly location: string | undefined;
  /** Another name that rules may use for the error. A heartbeat timeout is shown as States.Timeout. */
  readonly alias: string | undefined;

  constructor(error: string, cause: string, { location, alias }: { location?: string; alias?: string } = {}) {
    super(cause);
    this.error = error;
    this.location = location;
    this.alias = alias;
  }
}

/** The error of a JSONata expression that fails, returns nothing, or returns a value that its field does not accept. */
export function queryEvaluationError(location: string, cause: string): StateError {
  return new StateError('States.QueryEvaluationError', cause, { location });
}

/** The error of a payload that is too large. `what` is the name of the state or of the service. */
export function dataLimitExceeded(what: string): StateError {
  const cause = `The state/task '${what}' returned a result with a size exceeding the maximum number of bytes service limit.`;
  return new StateError('States.DataLimitExceeded', cause);
}

/**
 * Whether a rule's ErrorEquals names the error. `States.ALL` matches all errors except States.Runtime and
 * States.DataLimitExceeded. `States.TaskFailed` also leaves out States.Timeout. Source: concepts-error-handling.html.
 */
export function matchesError(errorEquals: readonly string[], { error, alias }: StateError): boolean {
  return errorEquals.some((name) => {
    if (name === error || name === alias) return true;
    if (terminalErrors.includes(error)) return false;
    return name === 'States.ALL' || (name === 'States.TaskFailed' && error !== 'States.Timeout');
  });
}

/** The error of a failed RunTask call: `ECS.<name>`. */
export function ecsCallError(error: unknown): StateError {
  if (!(error instanceof AwsError)) return new StateError('ECS.SdkClientException', String(error));
  const name = runTaskErrors.includes(error.code) ? error.code : 'AmazonECSException';
  return new StateError(`ECS.${name}`, causeOf(error, 'AmazonECS'));
}

/** The error of a failed Invoke call: `Lambda.<name>`. A function that throws is another case. */
export function lambdaCallError(error: unknown): StateError {
  if (!(error instanceof AwsError)) return new StateError('Lambda.SdkClientException', String(error));
  return new StateError(`Lambda.${error.code}`, causeOf(error, 'AWSLambda'));
}

/** The text of the Java SDK's exceptions, which Step Functions shows. */
function causeOf({ message, status, code }: AwsError, service: string): string {
  return `${message} (Service: ${service}; Status Code: ${status}; Error Code: ${code}; Proxy: null)`;
}

/** RunTask's modelled errors. The SDK shows any other as AmazonECSException, so Step Functions does too. */
const runTaskErrors: readonly string[] = [
  ...['AccessDeniedException', 'BlockedException', 'ClientException', 'ClusterNotFoundException', 'ConflictException'],
  ...['InvalidParameterException', 'PlatformTaskDefinitionIncompatibilityException', 'PlatformUnknownException'],
  ...['ServerException', 'UnsupportedFeatureException'],
];

/** Wildcards do not match these. */
const terminalErrors: readonly string[] = ['States.Runtime', 'States.DataLimitExceeded'];
