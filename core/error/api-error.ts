// The closed list of errors that the API answers with, and the functions that word them.

/** Error type → HTTP status (docs/reference/api.md, "Errors"). Only the authentication routes use the last three. */
export const errorStatuses = {
  MalformedJSON: 400,
  InvalidAuthentication: 401,
  PermissionDenied: 401,
  SpendingLimitExceeded: 403,
  OrgExpired: 403,
  ResourceNotFound: 404,
  InvalidInput: 422,
  InvalidState: 422,
  InvalidType: 422,
  RateLimitConditional: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  UsernameOrPasswordError: 401,
  OTPRequiredError: 401,
  OTPMismatchError: 401,
} as const;
export type ErrorType = keyof typeof errorStatuses;

/** A refusal that is reported to the caller. No other exception becomes an answer other than InternalError. */
export class ApiError extends Error {
  readonly type: ErrorType;
  readonly status: number;
  readonly details: unknown;
  /** When the caller may try again. Only ServiceUnavailable has it. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    type: ErrorType,
    message: string,
    details?: unknown,
    options?: ErrorOptions & { readonly retryAfterSeconds?: number | undefined },
  ) {
    super(printable(message), options);
    this.name = 'ApiError';
    this.type = type;
    this.status = errorStatuses[type];
    this.details = details;
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }

  /** The body of the answer: `{error: {type, message, details?}}`. */
  toBody(): { error: { type: ErrorType; message: string; details?: unknown } } {
    const { type, message, details } = this;
    return { error: details === undefined ? { type, message } : { type, message, details } };
  }
}

/**
 * 404: the thing does not exist, or the caller may not see it. The answer never says which. `what` is an id or a path.
 * For an id clients expect to read "The entity record-… could not be found" (dx-toolkit,
 * test_dx_resolve_check_resolution_needed).
 */
export function resourceNotFound(what: string, hint = 'check the id, and that you have at least VIEW where it is') {
  const named = idPattern.test(what) ? `The entity ${what}` : `"${clip(what, shownNameLength)}"`;
  return new ApiError('ResourceNotFound', `${named} could not be found, or you may not see it: ${hint}`);
}

/** 404: an app or a global workflow, by the name, the alias or the id that a path gives. */
export function publishedNotFound(kind: 'an app' | 'a global workflow', what: string): ApiError {
  const named = `Could not find ${kind} by "${clip(what, shownNameLength)}", or you may not see it`;
  return new ApiError('ResourceNotFound', `${named}: check name and version, and that a developer has authorized you`);
}

/** 404: every method is called by POST. Only links are followed by other methods. */
export function methodNotFound(httpMethod: string, path: string): ApiError {
  const what = `"${clip(`${httpMethod} ${path}`, shownNameLength)}"`;
  return new ApiError('ResourceNotFound', `${what} is not a call of this API: every method is called by POST`);
}

/** 404: a folder of a place that the caller sees. The text is that of the service. */
export function folderNotFound(folder: string, place: string, hint?: string): ApiError {
  const found = `Folder "${clip(folder, shownNameLength)}" does not exist in ${place.split('-')[0]} "${place}"`;
  return new ApiError('ResourceNotFound', hint === undefined ? found : `${found}: ${hint}`);
}

/** 422: all problems of one input, reported together. */
export function invalidInput(problems: string | readonly string[], details?: unknown): ApiError {
  const list = typeof problems === 'string' ? [problems] : problems;
  const shown = list.slice(0, shownProblemCount).map((problem) => clip(problem, shownProblemLength));
  const rest = list.length - shown.length;
  return new ApiError('InvalidInput', shown.join('; ') + (rest > 0 ? `; and ${rest} more` : ''), details);
}

/** 422: the nonce was used before with another input. Clients know this text (docs/reference/api.md, "Errors"). */
export function nonceReused(): ApiError {
  return new ApiError('InvalidInput', 'Nonce was reused for an earlier API request that had a different input');
}

/** 401: the caller is known and may not do this. `doing` completes "may not". */
export function permissionDenied(doing: string, needed: string, held: string | undefined): ApiError {
  return new ApiError('PermissionDenied', `You may not ${doing}: it needs ${needed}, you have ${held ?? 'no access'}`);
}

/** 422: the thing exists, but its present state does not allow this. */
export function invalidState(message: string, details?: unknown): ApiError {
  return new ApiError('InvalidState', message, details);
}

/** 422: an id of the wrong class. */
export function invalidType(found: string, wanted: string): ApiError {
  return new ApiError('InvalidType', `"${found}" is not ${wanted}`);
}

/** 401: there is no token, or it is unknown, expired or revoked. */
export function invalidAuthentication(why: string): ApiError {
  return new ApiError('InvalidAuthentication', why);
}

/** 400: the body is not JSON, or its content type says so. */
export function malformedJson(why: string): ApiError {
  return new ApiError('MalformedJSON', `The request body must be JSON sent as application/json: ${why}`);
}

/** 503: the caller may try again. Clients do so by themselves. */
export function serviceUnavailable(what: string, options?: ErrorOptions): ApiError {
  const again = { ...options, retryAfterSeconds };
  return new ApiError('ServiceUnavailable', `${what}. Try again in a few seconds`, undefined, again);
}

/** 500: a fault of the platform. The cause is written to its log, and the caller gets the request id. */
export function internalError(requestId: string, options?: ErrorOptions): ApiError {
  const message = `Internal error. Ask your operator to look up request "${requestId}" in the logs`;
  return new ApiError('InternalError', message, undefined, options);
}

/**
 * The caller's text is data: characters that would steer a terminal, or turn the direction of text, are shown as
 * escapes.
 */
function printable(message: string): string {
  return message.replace(unprintable, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The beginning of a text, as much as is worth printing. */
function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).replace(/[\ud800-\udbff]$/, '')}…`;
}

const unprintable = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** An id of 24 characters, of any class. */
const idPattern = /^[a-z]+-[0-9A-Za-z]{24}$/;

/** Clients wait this long before they try again, and do not count it as a try (docs/reference/api.md, "Retries"). */
const retryAfterSeconds = 5;
/** The number of problems of one input that are printed. The others are counted. */
const shownProblemCount = 20;
/** A longer problem repeats what was sent. */
const shownProblemLength = 600;
const shownNameLength = 200;
