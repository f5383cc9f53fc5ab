// Cross-origin rules of a bucket: answers preflights and says what an answer allows a browser. It reads no object.
// Rules: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
import { given } from '../../../core/given.ts';
import { refuse } from './s3-error.ts';

/** As in a bucket's CORS configuration; `*` may stand once in an origin or header. */
export type CorsRule = {
  allowedOrigins: string[];
  allowedMethods: string[];
  allowedHeaders?: string[];
  exposedHeaders?: string[];
  maxAgeSeconds?: number | undefined;
};
type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The headers of a preflight's answer. Throws AccessForbidden where no rule allows what it asks. */
export function answerPreflight(rules: readonly CorsRule[], headers: Headers): Record<string, string> {
  const origin = headers.origin;
  const method = headers['access-control-request-method'];
  if (typeof origin !== 'string') {
    throw refuse('InvalidRequest', {}, 'Insufficient information. Origin request header needed.');
  }
  if (typeof method !== 'string') {
    throw refuse('InvalidRequest', {}, 'Invalid Access-Control-Request-Method: null');
  }
  if (rules.length === 0) throw refuse('AccessForbidden', {}, 'CORSResponse: CORS is not enabled for this bucket.');
  const asked = String(headers['access-control-request-headers'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  const rule = rules.find((candidate) => matches(candidate, origin, method) && allowsHeaders(candidate, asked));
  if (!rule) throw refuse('AccessForbidden', { Method: method, ResourceType: 'OBJECT' });
  return {
    ...originHeaders(rule, origin),
    ...(asked.length > 0 ? { 'access-control-allow-headers': asked.join(', ') } : {}),
    ...given({ 'access-control-max-age': rule.maxAgeSeconds?.toString() }),
  };
}

/** The headers that an ordinary answer carries for the origin that asked; none where no rule names it. */
export function corsHeaders(rules: readonly CorsRule[], headers: Headers, method: string): Record<string, string> {
  const origin = headers.origin;
  const rule = typeof origin === 'string' ? rules.find((candidate) => matches(candidate, origin, method)) : undefined;
  return rule && typeof origin === 'string' ? originHeaders(rule, origin) : {};
}

function originHeaders(rule: CorsRule, origin: string): Record<string, string> {
  const any = rule.allowedOrigins.includes('*');
  return {
    'access-control-allow-origin': any ? '*' : origin,
    'access-control-allow-methods': rule.allowedMethods.join(', '),
    ...(any ? {} : { 'access-control-allow-credentials': 'true' }),
    ...(rule.exposedHeaders?.length ? { 'access-control-expose-headers': rule.exposedHeaders.join(', ') } : {}),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  };
}

function matches(rule: CorsRule, origin: string, method: string): boolean {
  return rule.allowedMethods.includes(method) && rule.allowedOrigins.some((pattern) => fits(pattern, origin));
}

function allowsHeaders(rule: CorsRule, asked: readonly string[]): boolean {
  const patterns = (rule.allowedHeaders ?? []).map((pattern) => pattern.toLowerCase());
  return asked.every((name) => patterns.some((pattern) => fits(pattern, name)));
}

function fits(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === text;
  const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return text.length >= head.length + tail.length && text.startsWith(head) && text.endsWith(tail);
}
