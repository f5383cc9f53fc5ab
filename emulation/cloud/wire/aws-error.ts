// The one exception type with which an emulated AWS operation refuses a request. It knows nothing of HTTP framing or of any service.

/**
 * A refusal as an AWS service gives it.
 * - `code`: the error's shape name as documented (`ResourceNotFoundException`), which SDK clients turn into `error.name`.
 * - `status`: the HTTP status, 400 unless told.
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
