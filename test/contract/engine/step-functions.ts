// Starts our Step Functions for its contract suite, with the mocked services of the job attempt's cases.

import { createStepFunctions } from '../../../emulation/cloud/step-functions/step-functions.ts';
import type { Endpoint } from '../endpoint.ts';
import { statesExtension } from '../extension/step-functions/step-functions-extension.ts';
import { createFastClock } from '../fast-clock.ts';
import { jobAttemptCases } from '../job-attempt-cases.ts';
import { createMockedServices } from '../mocked-services.ts';
import { startControl } from './control.ts';

/** Waits and pauses take a twentieth of their time. */
const speed = 20;

export function startOurs(): Promise<Endpoint> {
  return startControl((database) => {
    const clock = createFastClock(speed);
    const services = createMockedServices(jobAttemptCases);
    const states = createStepFunctions({
      database,
      ...clock,
      ...services,
      onStatus: () => {},
      operations: statesExtension,
    });
    return { services: [states.api], close: states.close };
  });
}
