// The cross-origin rules of a bucket: answers preflights and adds the CORS headers to other answers.
// Rules: https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html

import { given } from '../../../core/given.ts';
import { refuse } from './s3-error.ts';

/** A rule as in a bucket's CORS configuration. An origin or a header may contain one `*`. */
export type CorsRule = {
  readonly allowedOrigins: readonly string[];
  readonly allowedMethods: readonly string[];
  readonly allowedHeaders?: readonly string[];
  readonly exposedHeaders?: readonly string[];
  readonly maxAgeSeconds?: number | undefined;
};
type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The headers of a preflight's answer. Throws AccessForbidden if no rule allows the request. */
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

/** The CORS headers of an ordinary answer. They are empty if no rule names the request's origin. */
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
