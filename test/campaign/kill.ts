// Kills platforms and workers with SIGKILL at random moments: during demo trees, during analyses, then during mixed trees.
// `npm run test:kill` starts it. An argument says how many kills the mixed trees get (20). SEED, TREES and ANALYSES
// override the defaults.

import { seededRandom } from '../memory/context.ts';
import { killAnalyses } from './analyses.ts';
import { killDemoTrees } from './demo-tree.ts';
import { killMixedTrees } from './mixed.ts';

const kills = Number(process.argv[2] ?? 20);
const trees = Number(process.env.TREES ?? 10);
const analyses = Number(process.env.ANALYSES ?? 5);
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
console.log(`SEED=${seed}, ${trees} demo trees, ${analyses} analyses, ${kills} kills during mixed trees`);
const failed =
  (await killDemoTrees(trees, seededRandom(seed))) +
  (await killAnalyses(analyses, seededRandom(seed + 2))) +
  (await killMixedTrees(kills, seededRandom(seed + 1)));
console.log(failed === 0 ? 'nothing was found' : `${failed} problems`);
process.exitCode = failed === 0 ? 0 : 1;
