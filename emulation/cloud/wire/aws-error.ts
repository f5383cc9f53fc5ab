// The one exception with which an emulated AWS operation refuses a request.

/**
 * A refusal as an AWS service gives it.
 * - `code`: the error's documented shape name (`ResourceNotFoundException`). SDK clients use it as `error.name`.
 * - `status`: the HTTP status. The default is 400.
 * - `extra`: further members of the error body, as the service documents them.
 */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, status = 400, extra: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.extra = extra;
  }
}
