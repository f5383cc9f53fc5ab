// The only error that leaves `aws/`: the operation, AWS's code for the failure, and whether it may pass by itself.

/** A call to AWS failed. `transient`: the same call may succeed later. */
export class AwsFailure extends Error {
  readonly operation: string;
  readonly code: string;
  readonly transient: boolean;

  constructor(operation: string, code: string, message: string, options: { transient: boolean; cause?: unknown }) {
    super(`${operation}: ${code}: ${message}`, { cause: options.cause });
    this.name = 'AwsFailure';
    this.operation = operation;
    this.code = code;
    this.transient = options.transient;
  }
}

/** Runs one call. Whatever the SDK throws comes out as an AwsFailure. */
export async function translated<Result>(operation: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw asFailure(operation, error);
  }
}

/**
 * Like `translated`, but returns `undefined` when AWS refused by one of these codes. The caller knows what that means.
 */
export async function unlessRefused<Result>(
  operation: string,
  codes: readonly string[],
  call: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await call();
  } catch (error) {
    if (codes.includes(codeOf(error))) return undefined;
    throw asFailure(operation, error);
  }
}

export function asFailure(operation: string, error: unknown, transient = isTransient(error)): AwsFailure {
  if (error instanceof AwsFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AwsFailure(operation, codeOf(error), message, { transient, cause: error });
}

/** The error's name as AWS documents it, or the network's code. */
export function codeOf(error: unknown): string {
  if (error instanceof AwsFailure) return error.code;
  if (!(error instanceof Error)) return 'Unknown';
  const { code } = error as { code?: unknown };
  return error.name === 'Error' && typeof code === 'string' ? code : error.name;
}

/** True for throttling, conflicts, and faults of the service and of the network. */
export function isTransient(error: unknown): boolean {
  if (error instanceof AwsFailure) return error.transient;
  const status = (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode;
  return transientCodes.has(codeOf(error)) || (status !== undefined && (status >= 500 || status === 429));
}

const transientCodes: ReadonlySet<string> = new Set([
  'InternalError',
  'InternalServerError',
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestTimeout',
  'ServiceUnavailable',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TimeoutError',
  'TooManyRequestsException',
  'TransactionConflictException',
  'TransactionInProgressException',
  // These are codes of the network.
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
]);
