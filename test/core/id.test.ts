// Tests ids: derived ids repeat, the ids of workspaces and workers lead back to their jobs, and no other text parses.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveId, idAlphabet, randomId, randomIdByteCount } from '../../core/id/derive.ts';
import { idClasses, isObjectId, isUserId, parseId } from '../../core/id/identifier.ts';
import { readWorkerId, workerId } from '../../core/id/worker.ts';
import { masterOfWorkspace, maximumTry, workspaceId } from '../../core/id/workspace.ts';

const nonces = fc.string({ maxLength: 128 });

describe('ids', () => {
  it('are equal for the same caller, route and nonce, and differ when one of these differs', () => {
    fc.assert(
      fc.property(nonces, nonces, nonces, (caller, route, nonce) => {
        const id = deriveId('job', caller, route, nonce);
        expect(deriveId('job', caller, route, nonce)).toBe(id);
        expect(parseId(id)).toEqual({ className: 'job', id });
        expect(id.endsWith('00')).toBe(true);
        expect(deriveId('job', `${caller}x`, route, nonce)).not.toBe(id);
        expect(deriveId('job', caller, `${route}x`, nonce)).not.toBe(id);
        expect(deriveId('job', caller, route, `${nonce}x`)).not.toBe(id);
      }),
    );
  });

  it('depend on every bit of the random bytes', () => {
    const zero = new Uint8Array(randomIdByteCount);
    const ids = new Set([randomId('file', zero)]);
    for (let bit = 0; bit < 110; bit++) {
      const bytes = Uint8Array.from(zero);
      bytes[bit >> 3] = 128 >> (bit & 7);
      ids.add(randomId('file', bytes));
    }
    expect(ids.size).toBe(111);
    expect(() => randomId('file', new Uint8Array(13))).toThrow('14 random bytes');
    for (const character of [...ids].join('').replaceAll('file-', '')) expect(idAlphabet).toContain(character);
  });

  it('of workspaces contain the master job and the try', () => {
    fc.assert(
      fc.property(nonces, fc.integer({ min: 0, max: maximumTry }), (nonce, attempt) => {
        const master = deriveId('job', 'user-a', '/applet-x/run', nonce);
        const workspace = workspaceId(master, attempt);
        expect(parseId(workspace)?.className).toBe('container');
        expect(masterOfWorkspace(workspace)).toEqual({ master, try: attempt });
      }),
    );
    expect(() => workspaceId('job-000000000000000000000000', maximumTry + 1)).toThrow(RangeError);
    expect(masterOfWorkspace('container-00000000000000000000000a')).toBeUndefined();
  });

  it('of workers contain their launch, and other texts are not read as such an id', () => {
    fc.assert(
      fc.property(nonces, fc.nat(), fc.nat(), (nonce, attempt, launch) => {
        const launched = { job: deriveId('job', 'user-a', '/applet-x/run', nonce), try: attempt, launch };
        expect(readWorkerId(workerId(launched))).toEqual(launched);
      }),
    );
    const job = `job-${'a'.repeat(24)}`;
    const bad = [
      '',
      job,
      `${job}-t0`,
      `${job}-t0-l`,
      `${job}-t-1-l0`,
      `${job}-t0-l0\n`,
      `job-x-t0-l0`,
      `worker:${job}-t0-l0`,
    ];
    for (const text of bad) expect(readWorkerId(text)).toBeUndefined();
  });

  it('parse only as a class with 24 letters or digits, or as the handle of a user', () => {
    for (const className of idClasses) {
      expect(parseId(`${className}-${'a'.repeat(24)}`)?.className).toBe(className);
      expect(parseId(`${className}-${'a'.repeat(23)}`)).toBeUndefined();
    }
    expect(isUserId('user-ada.l')).toBe(true);
    expect(isObjectId(`job-${'a'.repeat(24)}`)).toBe(false);
    const bad = [
      '',
      'job',
      'user-',
      'user-../x',
      'user-Ada',
      `jobs-${'a'.repeat(24)}`,
      `file-${'a'.repeat(24)}\n`,
      5,
      null,
      {},
    ];
    for (const text of bad) expect(parseId(text)).toBeUndefined();
  });
});
