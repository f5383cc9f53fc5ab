// Every kind of rows, table by table.

import {
  cacheKind,
  containerKind,
  folderChangesKind,
  folderKind,
  fullKind,
  membershipKind,
  projectKind,
  memberKind as projectMemberKind,
} from './containers.ts';
import { analysisKind } from './execution/analysis.ts';
import { bodyKinds, metadataKind } from './execution/body.ts';
import { edgeKind } from './execution/edge.ts';
import { jobKind, listKind, tryKind } from './execution/job.ts';
import { doomKind, memberKind } from './execution/tree.ts';
import { queuedKind, workerKind } from './execution/worker.ts';
import { connectionKind, sshKeyKind, tokenEntryKind, tokenKind, userEntryKind, userKind } from './identities.ts';
import type { AnyRowKind } from './kind.ts';
import { announcedPartKind, linkKind, listingKind, objectKind, placementKind } from './objects.ts';
import { packedKinds } from './packed.ts';
import { installKind, resourcesKind, seriesEntryKind, seriesKind, versionBodyKind, versionKind } from './published.ts';

export const rowKinds: readonly AnyRowKind[] = [
  jobKind,
  tryKind,
  analysisKind,
  bodyKinds.spec,
  bodyKinds.input,
  bodyKinds.output,
  metadataKind,
  memberKind,
  doomKind,
  edgeKind,
  listKind,
  workerKind,
  queuedKind,
  objectKind,
  placementKind,
  packedKinds.details,
  packedKinds.applet,
  packedKinds.workflow,
  packedKinds.parts,
  linkKind,
  announcedPartKind,
  listingKind,
  projectKind,
  containerKind,
  cacheKind,
  projectMemberKind,
  membershipKind,
  folderKind,
  folderChangesKind,
  fullKind,
  seriesKind,
  versionKind,
  versionBodyKind,
  resourcesKind,
  seriesEntryKind,
  installKind,
  userKind,
  userEntryKind,
  sshKeyKind,
  tokenKind,
  tokenEntryKind,
  connectionKind,
];
