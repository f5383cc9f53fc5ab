// `npm run bench`: measures what the platform costs on this machine (times) and would cost on AWS (counts), and says
// whether the goals are met. This file wires and prints; timing.ts and counting.ts measure.

import { measureCounts } from './counting.ts';
import { type Figures, judge } from './goal.ts';
import { type Options, readOptions, timedParts } from './option.ts';
import { measurePeers } from './peer.ts';
import { asObject, asText } from './report.ts';
import { measureTimes } from './timing.ts';

async function bench(options: Options): Promise<void> {
  // Standard output is for the result alone.
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const timed = timedParts.some((part) => options.only.has(part));
  const figures: Figures = {
    runtime: options.runtime,
    ...(timed ? { times: await measureTimes(options, say) } : {}),
    ...(options.only.has('peers') ? { peers: await measurePeers(options.peerJobs, say) } : {}),
    ...(options.only.has('counts') ? { counts: await measureCounts(options, say) } : {}),
  };
  const printed = options.json ? `${JSON.stringify(asObject(figures))}\n` : asText(figures, options.profile);
  process.stdout.write(printed);
  if (options.check && judge(figures).some(({ met }) => !met)) process.exitCode = 1;
}

try {
  await bench(readOptions(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
