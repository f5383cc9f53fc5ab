// Tests the closed list of errors, their messages, and the order of the access levels.

import { describe, expect, it } from 'vitest';
import { atLeast, isLevel, levels, weaker } from '../../core/access/level.ts';
import { invalidInput, nonceReused, permissionDenied, resourceNotFound } from '../../core/error/api-error.ts';

describe('errors', () => {
  it('carry type, status and message, and details only when there are any', () => {
    const error = resourceNotFound('file-x');
    expect(error.status).toBe(404);
    expect(error.toBody()).toEqual({ error: { type: 'ResourceNotFound', message: error.message } });
    expect(error.message).toContain('"file-x"');
    expect(permissionDenied('run it', 'CONTRIBUTE', undefined).status).toBe(401);
    expect(nonceReused().message).toBe('Nonce was reused for an earlier API request that had a different input');
  });

  it('report the problems of an input together, and count those beyond 20', () => {
    const error = invalidInput(
      Array.from({ length: 25 }, (_, index) => `p${index}`),
      { code: 'x' },
    );
    expect(error.message).toBe(`${Array.from({ length: 20 }, (_, index) => `p${index}`).join('; ')}; and 5 more`);
    expect(error.toBody().error.details).toEqual({ code: 'x' });
  });
});

describe('levels', () => {
  it('are ordered, and a missing level grants nothing', () => {
    for (const [index, held] of levels.entries()) {
      for (const [other, needed] of levels.entries()) {
        expect(atLeast(held, needed)).toBe(index >= other);
        expect(weaker(held, needed)).toBe(levels[Math.min(index, other)]);
      }
    }
    expect(atLeast(undefined, 'VIEW')).toBe(false);
    expect(weaker(undefined, 'ADMINISTER')).toBe('NONE');
    expect(isLevel('ADMIN')).toBe(false);
  });
});
