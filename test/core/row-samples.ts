// One row of each kind, made by its builder, with its reader.

import type { AnalysisRow } from '../../core/analysis/row.ts';
import type { Series } from '../../core/app/series.ts';
import type { VersionFacts } from '../../core/app/version.ts';
import type { BodyKind, Row } from '../../core/context.ts';
import { masterScope } from '../../core/execution/scope.ts';
import { deriveId } from '../../core/id/derive.ts';
import { workerId } from '../../core/id/worker.ts';
import type { JobRow } from '../../core/job/row.ts';
import {
  cacheKey,
  cacheKind,
  cacheRow,
  containerKind,
  folderChangesKind,
  folderChangesRow,
  folderKey,
  folderKind,
  folderRow,
  fullKind,
  fullRow,
  membershipKey,
  membershipKind,
  projectKind,
  memberKind as projectMemberKind,
  memberRow as projectMemberRow,
  projectRow,
  readCache,
  readContainer,
  readFolder,
  readFolderChanges,
  readFull,
  readMembership,
  readProject,
  readMember as readProjectMember,
} from '../../core/row/containers.ts';
import { analysisKind, readAnalysis } from '../../core/row/execution/analysis.ts';
import {
  bodyKey,
  bodyKinds,
  metadataKind,
  metadataRow,
  readBody,
  readMetadata,
} from '../../core/row/execution/body.ts';
import { edgeKey, edgeKind, edgeRow, readWaiter } from '../../core/row/execution/edge.ts';
import {
  jobKind,
  listKey,
  listKind,
  readJob,
  readListed,
  readTry,
  toRow,
  tryKind,
  tryRow,
} from '../../core/row/execution/job.ts';
import { doomKind, doomRow, memberKind, memberRow, readDoom, readMember } from '../../core/row/execution/tree.ts';
import {
  queuedKey,
  queuedKind,
  queuedRow,
  readQueued,
  readWorker,
  workerKind,
  workerRow,
} from '../../core/row/execution/worker.ts';
import {
  connectionKind,
  connectionRow,
  readConnection,
  readSshKey,
  readToken,
  readTokenEntry,
  readUser,
  readUserEntry,
  sshKeyKind,
  sshKeyRow,
  tokenEntryKind,
  tokenEntryRow,
  tokenKind,
  tokenRow,
  userEntryKey,
  userEntryKind,
  userKind,
  userRow,
} from '../../core/row/identities.ts';
import type { AnyRowKind } from '../../core/row/kind.ts';
import {
  announcedPartKind,
  announcedPartRow,
  linkKey,
  linkKind,
  listingKey,
  listingKind,
  listingRow,
  type ObjectFacts,
  objectKind,
  objectRow,
  type Placement,
  placementKind,
  placementRow,
  readAnnouncedPart,
  readLink,
  readListing,
  readObject,
  readPlacement,
} from '../../core/row/objects.ts';
import { type PackedKind, packedKinds, packedRow, readPacked } from '../../core/row/packed.ts';
import {
  installKey,
  installKind,
  readInstall,
  readResources,
  readSeries,
  readSeriesEntry,
  readVersion,
  readVersionBody,
  resourcesKind,
  resourcesRow,
  seriesEntryKey,
  seriesEntryKind,
  seriesKind,
  seriesRow,
  versionBodyKind,
  versionBodyRow,
  versionKind,
  versionRow,
} from '../../core/row/published.ts';
import { projectFacts } from '../memory/project.ts';

export type Sample = { readonly kind: AnyRowKind; readonly row: Row; readonly read: (row: Row) => unknown };

const id = <Class extends Parameters<typeof deriveId>[0]>(className: Class, name: string) =>
  deriveId(className, 'user-alice', '/sample', name);
const job = id('job', 'job');
const parent = id('job', 'parent');
const project = id('project', 'project');
const time = 1_700_000_000_000;

/** A job row that has every field. */
const analysis: AnalysisRow = {
  pk: deriveId('analysis', 'user-alice', 'rows', 'n'),
  state: 'in_progress',
  try: 0,
  executable: deriveId('workflow', 'user-alice', 'rows', 'n'),
  project: deriveId('project', 'user-alice', 'rows', 'n'),
  launchedBy: 'user-alice',
  root: deriveId('analysis', 'user-alice', 'rows', 'n'),
  lineage: [],
  priority: 'normal',
  created: 1,
  modified: 2,
  transitions: [['in_progress', 1]],
  digest: 'digest',
};

export const fullJob: JobRow = {
  pk: job,
  state: 'failed',
  try: 2,
  launch: 1,
  executable: id('applet', 'applet'),
  function: 'main',
  project,
  launchedBy: 'user-alice',
  parent,
  parentTry: 1,
  origin: parent,
  root: parent,
  master: parent,
  lineage: [`m:${parent}:1`],
  name: 'job',
  instance: 'mem1_ssd1_v2_x2',
  priority: 'normal',
  created: time,
  modified: time,
  tryCreated: time,
  startedRunning: time,
  stoppedRunning: time,
  transitions: [['runnable', time]],
  task: 'arn:aws:ecs:us-east-1:000000000000:task/x',
  tokenHash: 'c'.repeat(64),
  failedLaunchCount: 1,
  leaseUntil: time,
  timeoutMs: 1000,
  cursor: 7,
  digest: 'digest',
  failureReason: 'AppError',
  failureMessage: 'why',
  failureFrom: parent,
  tombstone: true,
  openShard: 3,
  dueAt: time,
};

const bodySample = (kind: BodyKind, row: object): Sample => ({
  kind: bodyKinds[kind],
  row: { ...bodyKey(job, kind), ...row },
  read: (one) => readBody(one, kind),
});

const file = id('file', 'file');
const container = id('container', 'container');
const app = id('app', 'app');
const version: VersionFacts = {
  name: 'count',
  version: '1.0.0',
  title: 'Count',
  openSource: true,
  billTo: 'user-alice',
  createdBy: 'user-alice',
  created: time,
  modified: time,
  editions: { 'aws:us-east-1': { executable: id('applet', 'applet'), resources: container } },
  published: time,
  deleted: true,
  revision: 1,
  digest: 'digest',
};
const series: Series = {
  className: 'app',
  name: 'count',
  developers: ['user-alice'],
  authorizedUsers: ['PUBLIC'],
  categories: ['Statistics'],
  versions: { '1.0.0': app },
  tags: { default: app },
  installs: 1,
  revision: 1,
};
const objectFacts: ObjectFacts = {
  className: 'file',
  state: 'open',
  created: time,
  createdBy: { user: 'user-alice', job },
  birth: project,
  types: ['T'],
  links: [id('record', 'record'), id('applet', 'applet')],
  stageLinks: [id('applet', 'applet')],
  editVersion: 1,
  digest: 'digest',
  size: 5,
  media: 'text/plain',
  uploadId: 'upload',
  hidden: true,
  typesRevision: 1,
  dying: 'mark',
  goneUntil: time,
};
const placement: Placement = {
  folderId: '/',
  name: 'n#1',
  tags: ['t'],
  properties: { a: 'b' },
  hidden: false,
  modified: time,
  revision: 0,
  mark: 'mark',
  by: `m:${job}:0`,
};
const packedSample = (kind: PackedKind): Sample => ({
  kind: packedKinds[kind],
  row: packedRow(file, kind, new Uint8Array([1])),
  read: (one) => readPacked(one, kind),
});
const part = { index: 1, size: 5, md5: 'a'.repeat(32) };
const turn = { turn: 1, owner: 'o', keptAt: time, connection: '{}' };

const objectSamples: readonly Sample[] = [
  { kind: objectKind, row: objectRow(file, objectFacts), read: readObject },
  { kind: placementKind, row: placementRow(file, project, placement), read: readPlacement },
  packedSample('details'),
  packedSample('applet'),
  packedSample('workflow'),
  packedSample('parts'),
  { kind: linkKind, row: linkKey(file, id('record', 'record')), read: readLink },
  { kind: announcedPartKind, row: announcedPartRow(file, part, 'upload'), read: readAnnouncedPart },
  {
    kind: listingKind,
    row: listingRow(listingKey(project, '/', 'n#1', file), file, 'mark'),
    read: readListing,
  },
];
const containerSamples: readonly Sample[] = [
  {
    kind: projectKind,
    row: { ...projectRow(project, projectFacts), destroyed: true, destroyedBy: 'user-alice', memberRevision: 1 },
    read: readProject,
  },
  {
    kind: containerKind,
    row: cacheRow(container, { project, app: id('app', 'app'), appName: 'bwa', created: time }),
    read: readContainer,
  },
  { kind: cacheKind, row: cacheKey(project, container), read: readCache },
  { kind: projectMemberKind, row: projectMemberRow(project, 'PUBLIC', 'VIEW'), read: readProjectMember },
  { kind: membershipKind, row: membershipKey('user-alice', project), read: readMembership },
  {
    kind: folderKind,
    row: folderRow(folderKey(project, '/', 'a#b'), { folderId: 'f0', name: 'a#b', removing: 'all' }),
    read: readFolder,
  },
  { kind: folderChangesKind, row: folderChangesRow(container, 1), read: readFolderChanges },
  { kind: fullKind, row: fullRow(project, time), read: readFull },
  { kind: seriesKind, row: seriesRow(series), read: readSeries },
  { kind: versionKind, row: versionRow(app, version), read: readVersion },
  { kind: versionBodyKind, row: versionBodyRow(app, new Uint8Array([1])), read: readVersionBody },
  { kind: resourcesKind, row: resourcesRow(container, { owner: app, region: 'aws:us-east-1' }), read: readResources },
  { kind: seriesEntryKind, row: seriesEntryKey('PUBLIC', 'app-count'), read: readSeriesEntry },
  { kind: installKind, row: installKey('user-alice', 'app-count'), read: readInstall },
];
const identitySamples: readonly Sample[] = [
  {
    kind: userKind,
    row: userRow('user-alice', { handle: 'alice', passwordHash: 'hash', created: time, billTo: 'user-alice' }),
    read: readUser,
  },
  { kind: userEntryKind, row: userEntryKey('user-alice'), read: readUserEntry },
  { kind: sshKeyKind, row: sshKeyRow('user-alice', 'ssh-ed25519 x'), read: readSshKey },
  {
    kind: tokenKind,
    row: tokenRow('d'.repeat(64), {
      ...{ user: 'user-alice', scope: 'full', label: 'l', created: time, expiresAt: time, expiresAtSeconds: 1 },
    }),
    read: readToken,
  },
  { kind: tokenEntryKind, row: tokenEntryRow('user-alice', 'd'.repeat(64), 1), read: readTokenEntry },
  {
    kind: connectionKind,
    row: connectionRow('c1=', { job, openedAt: time, expiresAtSeconds: 1, ...turn }),
    read: readConnection,
  },
];

export const samples: readonly Sample[] = [
  { kind: jobKind, row: toRow(fullJob), read: readJob },
  { kind: tryKind, row: tryRow(fullJob), read: readTry },
  { kind: analysisKind, row: { sk: 'A', v: 1, ...analysis }, read: readAnalysis },
  bodySample('spec', { json: '{}' }),
  bodySample('input', { gzip: new Uint8Array([1]) }),
  bodySample('output', { document: `meta/${job}/O/x` }),
  { kind: metadataKind, row: metadataRow(job, 2, { tags: [] }, 3), read: readMetadata },
  {
    kind: memberKind,
    row: memberRow(parent, { parent, execution: job, parentTry: 1, lineage: [`m:${parent}:1`] }),
    read: readMember,
  },
  {
    kind: doomKind,
    row: doomRow(
      parent,
      masterScope(parent, 1),
      { kind: 'termination', execution: job, try: 0, by: 'user-alice' },
      time,
    ),
    read: readDoom,
  },
  {
    kind: edgeKind,
    row: edgeRow(edgeKey({ kind: 'execution', execution: parent }, { execution: job, try: 2, phase: 'input' }), time),
    read: readWaiter,
  },
  { kind: listKind, row: listKey(project, time, job), read: readListed },
  {
    kind: workerKind,
    row: workerRow('user-alice', {
      ...{ number: 7, worker: workerId({ job, try: 0, launch: 1 }), job, instance: 'mem1_ssd1_v2_x2', spot: true },
      started: time,
    }),
    read: readWorker,
  },
  { kind: queuedKind, row: queuedRow(queuedKey('user-alice', time, job), time), read: readQueued },
  ...objectSamples,
  ...containerSamples,
  ...identitySamples,
];
