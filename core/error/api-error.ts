// The closed list of errors that the API answers with, and the functions that word them. Knows no HTTP library.

/** Error type → HTTP status (docs/reference/api.md, "Errors"). The last three are of the authentication routes only. */
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

/** A refusal that the caller is told about: the only exception that becomes an answer other than InternalError. */
export class ApiError extends Error {
  readonly type: ErrorType;
  readonly status: number;
  readonly details: unknown;

  constructor(type: ErrorType, message: string, details?: unknown, options?: ErrorOptions) {
    super(printable(message), options);
    this.name = 'ApiError';
    this.type = type;
    this.status = errorStatuses[type];
    this.details = details;
  }

  /** The body of the answer: `{error: {type, message, details?}}`. */
  toBody(): { error: { type: ErrorType; message: string; details?: unknown } } {
    const { type, message, details } = this;
    return { error: details === undefined ? { type, message } : { type, message, details } };
  }
}

/**
 * 404: it does not exist, or the caller may not see it; the answer never says which. `what` is an id or a path. Of an id
 * clients expect to read "The entity record-… could not be found" (dx-toolkit, test_dx_resolve_check_resolution_needed).
 */
export function resourceNotFound(what: string, hint = 'check the id, and that you have at least VIEW where it lives') {
  const named = idPattern.test(what) ? `The entity ${what}` : `"${clip(what, shownNameLength)}"`;
  return new ApiError('ResourceNotFound', `${named} could not be found, or you may not see it: ${hint}`);
}

/** 422: all problems of one input, told together. */
export function invalidInput(problems: string | readonly string[], details?: unknown): ApiError {
  const list = typeof problems === 'string' ? [problems] : problems;
  const shown = list.slice(0, shownProblemCount).map((problem) => clip(problem, shownProblemLength));
  const rest = list.length - shown.length;
  return new ApiError('InvalidInput', shown.join('; ') + (rest > 0 ? `; and ${rest} more` : ''), details);
}

/**
 * 422: the nonce came before with another input (the text is the one that clients know, docs/reference/api.md,
 * "Errors").
 */
export function nonceReused(): ApiError {
  return new ApiError('InvalidInput', 'Nonce was reused for an earlier API request that had a different input');
}

/** 401: the caller is known and may not. `doing` completes "may not". */
export function permissionDenied(doing: string, needed: string, held: string | undefined): ApiError {
  return new ApiError('PermissionDenied', `You may not ${doing}: it needs ${needed}, you have ${held ?? 'no access'}`);
}

/** 422: the thing exists, but in its present state this is not possible. */
export function invalidState(message: string, details?: unknown): ApiError {
  return new ApiError('InvalidState', message, details);
}

/** 422: an id of the wrong class. */
export function invalidType(found: string, wanted: string): ApiError {
  return new ApiError('InvalidType', `"${found}" is not ${wanted}`);
}

/** 401: no token, or one that is unknown, expired or revoked. */
export function invalidAuthentication(why: string): ApiError {
  return new ApiError('InvalidAuthentication', why);
}

/** 400: the body is no JSON, or its content type says so. */
export function malformedJson(why: string): ApiError {
  return new ApiError('MalformedJSON', `The request body must be JSON sent as application/json: ${why}`);
}

/** 503: try again; clients do by themselves. */
export function serviceUnavailable(what: string, options?: ErrorOptions): ApiError {
  return new ApiError('ServiceUnavailable', `${what}. Try again in a few seconds`, undefined, options);
}

/** 500: a fault of the platform. The cause goes to its log, the request id to the caller. */
export function internalError(requestId: string, options?: ErrorOptions): ApiError {
  const message = `Something went wrong inside the platform. The operator finds the cause in its log under "${requestId}"`;
  return new ApiError('InternalError', message, undefined, options);
}

/** What was sent is data: what would steer a terminal, or turn the direction of its text, is told as an escape. */
function printable(message: string): string {
  return message.replace(unprintable, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A text as far as it is worth printing. */
function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).replace(/[\ud800-\udbff]$/, '')}…`;
}

const unprintable = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** An id of 24 characters, of whatever class. */
const idPattern = /^[a-z]+-[0-9A-Za-z]{24}$/;

/** Problems of one input that are printed; the others are counted. */
const shownProblemCount = 20;
/** Longer ones repeat what was sent. */
const shownProblemLength = 600;
const shownNameLength = 200;
