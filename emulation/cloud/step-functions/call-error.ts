// How errors of the services that a Task calls are named in a state machine. It knows nothing of executions.
import { AwsError } from '../wire/aws-error.ts';
import { StateError } from './state-error.ts';

/** RunTask's modelled errors; the SDK shows any other as AmazonECSException, so Step Functions does too. */
const ECS_ERRORS: readonly string[] = [
  ...['AccessDeniedException', 'BlockedException', 'ClientException', 'ClusterNotFoundException', 'ConflictException'],
  ...['InvalidParameterException', 'PlatformTaskDefinitionIncompatibilityException', 'PlatformUnknownException'],
  ...['ServerException', 'UnsupportedFeatureException'],
];

/** A failed RunTask call: `ECS.<name>`. */
export function ecsCallError(error: unknown): StateError {
  if (!(error instanceof AwsError)) return new StateError('ECS.SdkClientException', String(error));
  const name = ECS_ERRORS.includes(error.code) ? error.code : 'AmazonECSException';
  return new StateError(`ECS.${name}`, causeOf(error, 'AmazonECS'));
}

/** A failed Invoke call (not a function that threw): `Lambda.<name>`. */
export function lambdaCallError(error: unknown): StateError {
  if (!(error instanceof AwsError)) return new StateError('Lambda.SdkClientException', String(error));
  return new StateError(`Lambda.${error.code}`, causeOf(error, 'AWSLambda'));
}

/** The text of the Java SDK's exceptions, which is what Step Functions shows. */
function causeOf({ message, status, code }: AwsError, service: string): string {
  return `${message} (Service: ${service}; Status Code: ${status}; Error Code: ${code}; Proxy: null)`;
}
