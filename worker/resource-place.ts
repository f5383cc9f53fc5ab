// Refuses an executable whose resources a job would not find, where a job sees the `/` of the machine.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The programs of an executable are found in `usr`, by the PATH, and its other files in HOME.
 * @param root the job's folder, with everything unpacked
 * @param why the reason why it is not the job's `/`
 * @throws Error if something lies elsewhere
 */
export function refuseResources(root: string, why: string): void {
  const places = ['', 'opt', 'home'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => (folder === '' ? `/${name}` : `/${folder}/${name}`)),
  );
  const hidden = places.filter((place) => !found.has(place));
  if (hidden.length === 0) return;
  throw new Error(
    `the executable's resources lie in ${hidden.join(', ')}, where its job would not find them: ` +
      `here a job has no file tree of its own (${why}), and only /home/dnanexus and /usr of the resources are found`,
  );
}

const found = new Set(['/home', '/home/dnanexus', '/opt', '/opt/espalier', '/tmp', '/usr']);
