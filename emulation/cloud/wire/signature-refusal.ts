// The words with which S3 and the JSON services refuse a signature.
// Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html

import { AwsError } from './aws-error.ts';

type Problem =
  | 'absent'
  | 'malformed'
  | 'malformedQuery'
  | 'undated'
  | 'unknownKey'
  | 'unsignedHeaders'
  | 'skewed'
  | 'expired'
  | 'early'
  | 'mismatch';
type Words = readonly [code: string, message: string, status: number];

/** The refusal of one problem. `extra` adds members to the error body, and `detail` is appended to the message. */
export function refuseSignature(
  style: 's3' | 'json',
  problem: Problem,
  extra: Readonly<Record<string, unknown>> = {},
  detail?: string,
): AwsError {
  const [code, message, status] = words[style][problem];
  // Error bodies of the JSON services have only a message, so they do not show the canonical request.
  return new AwsError(
    code,
    detail === undefined ? message : `${message}; ${detail}`,
    status,
    style === 's3' ? extra : {},
  );
}

const mismatchMessage =
  'The request signature we calculated does not match the signature you provided. Check your key and signing method.';
const unsignedMessage = 'There were headers present in the request which were not signed';

const words: Readonly<Record<'s3' | 'json', Readonly<Record<Problem, Words>>>> = {
  s3: {
    absent: ['AccessDenied', 'Access Denied', 403],
    malformed: ['AuthorizationHeaderMalformed', 'The authorization header is malformed', 400],
    malformedQuery: ['AuthorizationQueryParametersError', 'Error parsing the X-Amz- parameters', 400],
    undated: ['AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header', 403],
    unknownKey: ['InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', 403],
    unsignedHeaders: ['AccessDenied', unsignedMessage, 403],
    skewed: ['RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.', 403],
    expired: ['AccessDenied', 'Request has expired', 403],
    early: ['AccessDenied', 'Request is not valid yet', 403],
    mismatch: ['SignatureDoesNotMatch', mismatchMessage, 403],
  },
  json: {
    absent: ['MissingAuthenticationTokenException', 'Missing Authentication Token', 403],
    malformed: ['IncompleteSignatureException', 'The signature is incomplete', 403],
    malformedQuery: ['IncompleteSignatureException', 'The signature is incomplete', 403],
    undated: ['IncompleteSignatureException', 'The signature is incomplete', 403],
    unknownKey: ['UnrecognizedClientException', 'The security token included in the request is invalid.', 403],
    unsignedHeaders: ['InvalidSignatureException', unsignedMessage, 403],
    skewed: ['InvalidSignatureException', 'Signature expired or not yet current', 403],
    expired: ['InvalidSignatureException', 'Signature expired', 403],
    early: ['InvalidSignatureException', 'Signature not yet current', 403],
    mismatch: ['InvalidSignatureException', mismatchMessage, 403],
  },
};
