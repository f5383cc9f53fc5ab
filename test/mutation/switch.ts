// The switch of the mutants. The instrumented program asks it at every mutant; the host says which one is on, and which
// were asked for.

import { switchName } from './instrument.ts';

export type Switch = {
  /** Switches a mutant on, or all of them off. */
  readonly turn: (mutant: number | undefined, mostAsked?: number) => void;
  /** Begins to note which mutants are asked for. */
  readonly listen: () => void;
  /** The mutants that were asked for since `listen`. */
  readonly heard: () => number[];
  /** How often any mutant was asked for since the last turn. */
  readonly asked: () => number;
};

/**
 * Installs the switch as a global of the program. A loop that a mutant has made endless asks again and again, so after
 * `mostAsked` questions each further one throws.
 */
export function installSwitch(): Switch {
  let on: number | undefined;
  let limit = Number.POSITIVE_INFINITY;
  let count = 0;
  let heard: Set<number> | undefined;
  Object.assign(globalThis, {
    [switchName]: (mutant: number): boolean => {
      count += 1;
      if (count > limit) throw new Error(`asked for mutants more than ${limit} times: a loop has no end`);
      heard?.add(mutant);
      return mutant === on;
    },
  });
  return {
    turn: (mutant, mostAsked = Number.POSITIVE_INFINITY) => {
      on = mutant;
      limit = mostAsked;
      count = 0;
    },
    listen: () => {
      heard = new Set();
    },
    heard: () => {
      const all = [...(heard ?? [])];
      heard = undefined;
      return all;
    },
    asked: () => count,
  };
}
