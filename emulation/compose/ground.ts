// Prepares what the rest of a platform needs: the data folder, the synthesized template, Python, the tables' engine,
// the roles and the counters.

import { cacheFolderPath } from '../../machine/cache-folder.ts';
import { openDataFolder } from '../../machine/data-folder.ts';
import { preparePythonEnvironment } from '../../machine/python-environment.ts';
import type { Steps } from '../../machine/step.ts';
import { createAuthority } from '../authority/authority.ts';
import { readExchanges } from '../exchange/exchange.ts';
import { checkPlaces } from '../exchange/kept-place.ts';
import { synthesize } from '../synthesize.ts';
import { resolveResources } from '../template/resource-set.ts';
import { loadCloudAssembly } from '../template/template.ts';
import { openTables } from './database.ts';
import { checkExchanges } from './own-or-foreign.ts';

export type Ground = Awaited<ReturnType<typeof layGround>>;

export type GroundOptions = {
  readonly dataFolder: string;
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  say(line: string): void;
};

/** @param onLost called with the reason when the tables' engine ends for good, which ends the platform. */
export async function layGround(
  { dataFolder, environment, say }: GroundOptions,
  steps: Steps,
  onLost: (reason: string) => void,
) {
  const exchanges = readExchanges(environment);
  const folder = openDataFolder(dataFolder, 'deployed');
  steps.add(async () => folder.close());
  checkPlaces(folder, exchanges);
  const cache = cacheFolderPath(environment);
  const opening = openTables(folder.file('dynamo'), exchanges, onLost);
  // A database that started must be ended even if something else fails. The await below reports its failure.
  steps.add(() =>
    opening.then(
      (opened) => opened.close(),
      () => {},
    ),
  );
  const [synthesis, python, tables] = await Promise.all([
    synthesize(cache, say),
    preparePythonEnvironment(environment, say),
    opening,
  ]);
  const resources = resolveResources(loadCloudAssembly(synthesis.assembly));
  checkExchanges(exchanges, resources);
  const authority = createAuthority(resources.ofType('AWS::IAM::Role'));
  const counts = new Map<string, number>();
  const count = (what: string, amount = 1) => void counts.set(what, (counts.get(what) ?? 0) + amount);
  return { folder, cache, exchanges, synthesis, tools: python.bin, tables, resources, authority, counts, count };
}
