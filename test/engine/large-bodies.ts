// A program that loads hundreds of large bodies in the ways that the platform does. test/engine/load.test.ts runs it with
// a small heap.

import { describeJobs } from '../../api/ops/job/describe.ts';
import type { JobRow } from '../../core/job/row.ts';
import { advance } from '../../engine/advance.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { byName } from '../memory/platform.ts';
import { putProjectOfAlice } from '../memory/project.ts';
import { givenJob } from '../simulation/world.ts';

const bodyCount = 60;
/** Just below 1 MiB of JSON, which takes about 11 MB of memory. */
const dense = `[${'[],'.repeat(340_000)}[]]`;

/** Every body has a large part besides its own. Each is parsed when it is loaded, as the tables do. */
function withLargeBodies(context: MemoryContext): void {
  const enlarge = (id: string, kind: string, body: unknown): unknown => {
    const small = body as Record<string, unknown>;
    if (kind === 'output') return { output: { n: id.length, filler: JSON.parse(dense) } };
    return kind === 'spec' && id !== jobId('gather')
      ? { ...small, originalInput: { filler: JSON.parse(dense) } }
      : body;
  };
  const { load, loadEach } = context.bodies;
  Object.assign(context.bodies, {
    load: async (id: string, kind: 'spec') => enlarge(id, kind, await load(id, kind)),
    async *loadEach(ids: readonly string[], kind: 'spec') {
      let index = 0;
      for await (const body of loadEach(ids, kind)) yield enlarge(ids[index++] ?? '', kind, body);
    },
  });
}

async function gather(context: MemoryContext, rows: readonly JobRow[], field: string): Promise<string> {
  const parts = rows.map(({ pk: job }) => ({ $dnanexus_link: { job, field } }));
  await givenJob(context, 'gather', { input: { parts }, at: { state: 'waiting_on_input' } });
  await advance(context, jobId('gather'));
  const { state, failureReason = '', failureMessage = '' } = byName(context, 'gather');
  return `${state} ${failureReason} ${/pass files instead/.exec(failureMessage)?.[0] ?? ''}`.trim();
}

async function describe(context: MemoryContext, rows: readonly JobRow[], field: string): Promise<string> {
  const fields = { [field]: true };
  return describeJobs(context, rows, { fields }).then(
    (described) => `${described.length} described`,
    (error: Error) => error.message,
  );
}

const context = createMemoryContext();
await putProjectOfAlice(context);
const rows: JobRow[] = [];
for (let index = 0; index < bodyCount; index++)
  rows.push(await givenJob(context, `d${index}`, { at: { state: 'done' } }));
withLargeBodies(context);
const answers = {
  smallField: await gather(context, rows, 'n'),
  largeField: await gather(context, rows, 'filler'),
  names: await describe(context, rows, 'name'),
  inputs: await describe(context, rows, 'originalInput'),
  outputs: await describe(context, rows, 'output'),
};
console.log(JSON.stringify(answers));
