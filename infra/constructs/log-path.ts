// The program that CloudFront runs before it passes on a log request. It is written in CloudFront's own JavaScript.

/** `/job-x/getLog/websocket` becomes `/?job=job-x`. A query that the client sent is dropped. */
export const logPathFunction = `function handler(event) {
  var request = event.request;
  var match = /^\\/(job-[0-9A-Za-z]{24})\\/getLog\\/websocket$/.exec(request.uri);
  if (!match) {
    return { statusCode: 404, statusDescription: 'Not Found' };
  }
  request.querystring = { job: { value: match[1] } };
  request.uri = '/';
  return request;
}
`;
