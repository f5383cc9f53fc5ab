// Lists the contract checks that an engine answers differently, with the side that is right and its source. Such a
// check still runs on the engine and must fail, so that an entry becomes stale when the engine is corrected.

export type Difference = {
  /** The id of the check, as in `check('s3/…', …)`. */
  readonly check: string;
  /** The engine whose answer differs: a value of CONTRACT_ENGINE, or `ours`. */
  readonly engine: string;
  readonly right: 'check' | 'engine';
  /** The AWS page or the observation that decides. */
  readonly source: string;
  /** The engine's own answer. */
  readonly what: string;
};

/** Checks of one source that are right, but that LocalStack 4.14 answers differently, with its answers. */
function wrongOnLocalStack(source: string, answers: Readonly<Record<string, string>>): Difference[] {
  return Object.entries(answers).map(([check, what]) => ({
    check,
    engine: 'localstack',
    right: 'check',
    source,
    what,
  }));
}

const s3Api = 'https://docs.aws.amazon.com/AmazonS3/latest/API';
const unverified = 'takes any Authorization header (S3_SKIP_SIGNATURE_VALIDATION=0 is for presigned URLs only)';

const s3: readonly Difference[] = [
  ...wrongOnLocalStack(`${s3Api}/sig-v4-authenticating-requests.html`, {
    's3/unsigned': unverified,
    's3/unknown-key': unverified,
    's3/wrong-secret': unverified,
    's3/tampered-path': unverified,
    's3/tampered-method': unverified,
    's3/tampered-header': unverified,
    's3/skewed': unverified,
    's3/wrong-region': unverified,
    's3/malformed-authorization': unverified,
  }),
  ...wrongOnLocalStack(`${s3Api}/ErrorResponses.html`, {
    's3/presigned-early': 'serves a URL dated an hour ahead; AWS: AccessDenied "Request is not valid yet"',
  }),
  ...wrongOnLocalStack(`${s3Api}/sigv4-query-string-auth.html (X-Amz-Expires, 1 to 604800)`, {
    's3/presigned-too-long': 'serves a URL for longer than a week',
  }),
  ...wrongOnLocalStack(`${s3Api}/API_GetObject.html (If-Match true, If-Unmodified-Since false: 200)`, {
    's3/get-if-match-prevails': 'answers 412',
  }),
  ...wrongOnLocalStack('https://www.rfc-editor.org/rfc/rfc9110#section-14.2', {
    's3/range-unit': 'does not ignore a range in an unknown unit',
  }),
];

const sqsApi = 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest';

const sqs: readonly Difference[] = [
  ...wrongOnLocalStack(`${sqsApi}/SQSDeveloperGuide/sqs-fair-queues.html`, {
    'sqs/fair': 'gives messages in the order of sending, whatever their group',
  }),
  ...wrongOnLocalStack(`${sqsApi}/APIReference/API_ReceiveMessage.html (WaitTimeSeconds, 0 to 20)`, {
    'sqs/ranges': 'takes numbers outside their ranges',
  }),
  ...wrongOnLocalStack(`${sqsApi}/APIReference/API_SendMessage.html (DelaySeconds, 0 to 900)`, {
    'sqs/longest-delay': 'delays by more than 15 minutes',
  }),
];

const logsApi = 'https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest';

const logs: readonly Difference[] = [
  ...wrongOnLocalStack(`${logsApi}/APIReference/API_GetLogEvents.html (endTime is exclusive)`, {
    'logs/time-range': 'gives the event at endTime too',
  }),
  ...wrongOnLocalStack(`${logsApi}/APIReference/API_RejectedLogEventsInfo.html (tooOldLogEventEndIndex is exclusive)`, {
    'logs/too-old': 'gives the index of the last event that is too old',
  }),
  ...wrongOnLocalStack(`${logsApi}/APIReference/API_PutLogEvents.html`, {
    'logs/batch-count': 'takes more than 10,000 events at once',
    'logs/batch-bytes': 'takes more than 1,048,576 bytes at once',
    'logs/span': 'takes events that are more than 24 hours apart',
    'logs/no-events': 'takes an empty batch',
  }),
  ...wrongOnLocalStack(`${logsApi}/APIReference/API_InputLogEvent.html (message: at least one character)`, {
    'logs/empty-message': 'takes an empty message',
  }),
];

const eventBridge: readonly Difference[] = [
  ...wrongOnLocalStack('https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html (State)', {
    'event-bridge/disabled': 'delivers by a rule that is disabled',
  }),
  ...wrongOnLocalStack('https://github.com/aws/event-ruler#and-and-or-relationship-among-fields-with-ruler', {
    'event-bridge/pattern-array-of-objects': 'lets conditions on one object be met by several objects of an array',
  }),
];

const statesGuide = 'https://docs.aws.amazon.com/step-functions/latest';

const stepFunctions: readonly Difference[] = [
  ...wrongOnLocalStack('Causes recorded on AWS name the field: github.com/umccr/orcabus, "Run S3 Data Push"', {
    'sfn/undefined': 'does not say in its cause which field the expression stands in',
  }),
  ...wrongOnLocalStack(`${statesGuide}/apireference/API_EvaluationFailedEventDetails.html (location)`, {
    'sfn/evaluation-failed-event': 'leaves out the location',
  }),
  ...wrongOnLocalStack(`${statesGuide}/dg/workflow-variables.html (Assign and Output are evaluated in parallel)`, {
    'sfn/variables': 'lets Output see what Assign has just set',
  }),
  ...wrongOnLocalStack('https://states-language.net/spec.html#choice-state', {
    'sfn/choice-rule': "takes the state's own Assign and Output for those of the rule that matched",
  }),
  ...wrongOnLocalStack(`${statesGuide}/dg/concepts-error-handling.html (error names)`, {
    'sfn/choice-type': 'fails with States.Runtime instead of States.QueryEvaluationError',
    'sfn/no-choice': 'fails with States.Runtime instead of States.NoChoiceMatched',
    'sfn/wait-timestamp': 'fails with States.Runtime instead of States.QueryEvaluationError',
  }),
  ...wrongOnLocalStack(`${statesGuide}/apireference/API_StopExecution.html (error, cause)`, {
    'sfn/stop': 'tells error and cause in the history only, not in DescribeExecution',
  }),
  ...wrongOnLocalStack(`${statesGuide}/apireference/API_StartExecution.html (name)`, {
    'sfn/refusals': 'takes a name with a space',
  }),
  ...wrongOnLocalStack(`${statesGuide}/apireference/API_CreateStateMachine.html (InvalidDefinition)`, {
    'sfn/invalid-next': 'takes the definition and fails when it gets there',
  }),
];

const dynamoGuide = 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide';

/** The differences of dynoxide, the database of the emulation. aws/dynamo does not depend on its wrong answers. */
const dynamoDb: readonly Difference[] = [
  {
    check: 'dynamodb/query-start-outside',
    engine: 'ours',
    right: 'check',
    source: 'DynamoDB Local: "The provided starting key is outside query boundaries based on provided conditions"',
    what: 'takes an ExclusiveStartKey that the range does not hold; aws/dynamo/expression.ts never sends one',
  },
  {
    check: 'dynamodb/stream-unchanged',
    engine: 'ours',
    right: 'check',
    source: `${dynamoGuide}/Streams.html (a write that does not change the item writes no record)`,
    what: 'writes a MODIFY record with the same image twice, which causes a needless look and does not harm',
  },
];

export const differences: readonly Difference[] = [
  ...s3,
  ...sqs,
  ...logs,
  ...eventBridge,
  ...stepFunctions,
  ...dynamoDb,
];
