// cdk-nag over the whole platform: every finding is fixed or acknowledged with a reason, and every reason is still
// needed.

import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import { acknowledgements } from '../../infra/acknowledgements.ts';
import { deploymentOf } from '../../infra/deployment.ts';
import { givenPlatform } from './platform.ts';

type Finding = { readonly rule: string; readonly path: string };

/** @param acknowledged false: as if nothing were acknowledged. */
function findings(stage: string, acknowledged: boolean): Finding[] {
  const { app } = givenPlatform(stage, { acknowledged });
  return [new AwsSolutionsChecks(app), new ServerlessChecks(app)].flatMap((pack) =>
    pack
      .validateScope(app)
      .violations.flatMap(({ ruleName, violatingResources = [] }) =>
        violatingResources.map(({ constructPath = '' }) => ({ rule: ruleName, path: constructPath })),
      ),
  );
}

describe.each(['dev', 'prod'])('on the stage %s', (stage) => {
  test('every finding is fixed or acknowledged', () => {
    expect(findings(stage, true)).toEqual([]);
  });

  test('every acknowledgement has a reason, and a finding at each of its places', () => {
    const open = findings(stage, false);
    expect(open.length).toBeGreaterThan(20);
    for (const { id, at, reason } of acknowledgements(deploymentOf(stage))) {
      expect(reason.length).toBeGreaterThan(20);
      for (const place of at) {
        const needed = open.some(({ rule, path }) => rule === id && (path === place || path.startsWith(`${place}/`)));
        expect(needed, `${id} at ${place} is acknowledged without need`).toBe(true);
      }
    }
  });
});
