// Where an engine answers a contract check otherwise than the check demands, with who is right and by what source.

export type Difference = {
  /** The id of the check, as in `check('s3/…', …)`. */
  check: string;
  /** The engine whose answer differs: a value of CONTRACT_ENGINE. */
  engine: string;
  right: 'check' | 'engine';
  /** The AWS page, or the observation, that decides. */
  source: string;
};

/** LocalStack 4.14 verifies presigned URLs (with S3_SKIP_SIGNATURE_VALIDATION=0) and no Authorization header. */
const unverified = [
  's3/unsigned',
  's3/unknown-key',
  's3/wrong-secret',
  's3/tampered-path',
  's3/tampered-method',
  's3/tampered-header',
  's3/skewed',
  's3/wrong-region',
  's3/malformed-authorization',
].map((check): Difference => {
  const source = 'https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html';
  return { check, engine: 'localstack', right: 'check', source };
});

export const differences: readonly Difference[] = [
  ...unverified,
  {
    check: 's3/presigned-early',
    engine: 'localstack',
    right: 'check',
    source:
      'Serves a URL dated an hour ahead; AWS: AccessDenied "Request is not valid yet" (S3 API, list of error codes)',
  },
  {
    check: 's3/presigned-too-long',
    engine: 'localstack',
    right: 'check',
    source: 'https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html: X-Amz-Expires, 1 to 604800',
  },
  {
    check: 's3/get-if-match-prevails',
    engine: 'localstack',
    right: 'check',
    source:
      'https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html: If-Match true, If-Unmodified-Since false: 200',
  },
  {
    check: 's3/range-unit',
    engine: 'localstack',
    right: 'check',
    source: 'https://www.rfc-editor.org/rfc/rfc9110#section-14.2: a range in a unit that is not understood is ignored',
  },
  {
    check: 's3/list-pages',
    engine: 'localstack',
    right: 'check',
    source: 'Its continuation token after a key that is not ASCII ends in a 500: a fault of its decoding',
  },
  {
    check: 's3/list-bad-token',
    engine: 'localstack',
    right: 'check',
    source: 'https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html: InvalidArgument; it answers 500',
  },
  {
    check: 's3/list-bad-size',
    engine: 'localstack',
    right: 'check',
    source:
      'https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html: InvalidArgument; it takes max-keys=-1',
  },
];
