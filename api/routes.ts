// Every route of the API, as a table that serve.ts reads and docs/api.md is printed from. A route's function is found by
// going to its definition from here.

import type { ObjectClass } from '../core/id/identifier.ts';
import { appRoutes } from './app-routes.ts';
import { executionRoutes, newJobRoutes as newJobs, runRoutes as runs } from './execution-routes.ts';
import { route } from './make-route.ts';
import { getApplet } from './ops/applet/get.ts';
import { newApplet } from './ops/applet/new.ts';
import { clone } from './ops/container/clone.ts';
import { describeContainer } from './ops/container/describe.ts';
import { listFolder } from './ops/container/list-folder.ts';
import { move } from './ops/container/move.ts';
import { newFolder } from './ops/container/new-folder.ts';
import { removeFolder } from './ops/container/remove-folder.ts';
import { removeObjects } from './ops/container/remove-objects.ts';
import { renameFolder } from './ops/container/rename-folder.ts';
import { closeFile } from './ops/file/close.ts';
import { downloadFile } from './ops/file/download.ts';
import { newFile } from './ops/file/new.ts';
import { uploadPart } from './ops/file/upload.ts';
import { decreasePermissions, leave } from './ops/project/decrease-permissions.ts';
import { describeProject } from './ops/project/describe.ts';
import { destroyProject } from './ops/project/destroy.ts';
import { invite } from './ops/project/invite.ts';
import { addProjectTags, removeProjectTags, setProjectProperties } from './ops/project/metadata.ts';
import { newProject } from './ops/project/new.ts';
import { updateProject } from './ops/project/update.ts';
import { closeRecord } from './ops/record/close.ts';
import { newRecord } from './ops/record/new.ts';
import { describeObject } from './ops/shared/describe-object.ts';
import { listProjects } from './ops/shared/list-projects.ts';
import {
  addTags,
  addTypes,
  getDetails,
  removeTags,
  removeTypes,
  rename,
  setDetails,
  setProperties,
  setVisibility,
} from './ops/shared/metadata.ts';
import { validateBatch } from './ops/shared/validate-batch.ts';
import { destroyAuthToken, newAuthToken } from './ops/system/auth-token.ts';
import { comeBackLater, comeBackLaterInput } from './ops/system/come-back-later.ts';
import { describeDataObjects } from './ops/system/describe-data-objects.ts';
import { describeProjects } from './ops/system/describe-projects.ts';
import { findDataObjects } from './ops/system/find-data-objects.ts';
import { findOrgs } from './ops/system/find-orgs.ts';
import { findProjects } from './ops/system/find-projects.ts';
import { generateBatchInputs } from './ops/system/generate-batch-inputs.ts';
import { greet } from './ops/system/greet.ts';
import { headers } from './ops/system/headers.ts';
import { resolveDataObjects } from './ops/system/resolve-data-objects.ts';
import { getUserInfo, whoami, whoamiInput } from './ops/system/whoami.ts';
import { describeUser } from './ops/user/describe.ts';
import { updateUser } from './ops/user/update.ts';
import { closeWorkflow } from './ops/workflow/close.ts';
import {
  addStage,
  isStageCompatible,
  moveStage,
  overwriteWorkflow,
  removeStage,
  updateStageExecutable,
  updateWorkflow,
} from './ops/workflow/edit.ts';
import { newWorkflow } from './ops/workflow/new.ts';
import { dryRunWorkflow } from './ops/workflow/run.ts';
import { validateWorkflowBatch } from './ops/workflow/validate-batch.ts';
import type { Route } from './route.ts';
import { describeInput } from './schemas/describe.ts';
import { runWorkflowInput, validateBatchInput } from './schemas/execution.ts';
import * as find from './schemas/find.ts';
import * as folder from './schemas/folder.ts';
import { details } from './schemas/metadata.ts';
import * as object from './schemas/object.ts';
import * as project from './schemas/project.ts';
import { destroyAuthTokenInput, newAuthTokenInput, updateUserInput } from './schemas/user.ts';
import * as workflow from './schemas/workflow.ts';
import { workerRoutes as workers } from './worker-routes.ts';

const anyone = { kind: 'anyone' } as const;
const known = { kind: 'caller' } as const;
const viewPlace = { kind: 'place', level: 'VIEW' } as const;
const uploadPlace = { kind: 'place', level: 'UPLOAD' } as const;
const contribute = { kind: 'place', level: 'CONTRIBUTE' } as const;
const administer = { kind: 'place', level: 'ADMINISTER' } as const;
const destroy = { ...administer, repeats: true } as const;
const target = { kind: 'target', level: 'UPLOAD' } as const;
const viewTarget = { kind: 'target', level: 'VIEW' } as const;
const viewObject = { kind: 'object', open: 'VIEW', closed: 'VIEW' } as const;
const hintedObject = { ...viewObject, project: 'hint' } as const;
const changeObject = { kind: 'object', open: 'UPLOAD', closed: 'CONTRIBUTE' } as const;
const fillObject = { kind: 'object', open: 'UPLOAD', closed: 'UPLOAD' } as const;
const viewEverywhere = { ...viewObject, placements: 'all' } as const;
const fillEverywhere = { ...fillObject, placements: 'all' } as const;
const fillWithBody = { ...fillObject, project: 'ignored' } as const;

const systemRoutes: readonly Route[] = [
  route('/system/whoami', whoamiInput, known, whoami),
  route('/system/greet', object.emptyInput, anyone, greet),
  route('/system/headers', object.emptyInput, anyone, headers),
  route('/system/comeBackLater', comeBackLaterInput, known, comeBackLater),
  route('/system/getUserInfo', object.emptyInput, known, getUserInfo),
  route('/system/newAuthToken', newAuthTokenInput, anyone, newAuthToken),
  route('/system/destroyAuthToken', destroyAuthTokenInput, known, destroyAuthToken),
  route('/system/findProjects', find.findProjectsInput, known, findProjects),
  route('/system/findDataObjects', find.findDataObjectsInput, known, findDataObjects),
  route('/system/resolveDataObjects', find.resolveDataObjectsInput, known, resolveDataObjects),
  route('/system/describeDataObjects', find.describeDataObjectsInput, known, describeDataObjects),
  route('/system/describeProjects', find.describeProjectsInput, known, describeProjects),
  route('/system/generateBatchInputs', find.generateBatchInput, viewTarget, generateBatchInputs),
  route('/system/findOrgs', find.findOrgsInput, known, findOrgs),
  route('/user-xxxx/describe', describeInput, known, describeUser),
  route('/user-xxxx/update', updateUserInput, known, updateUser),
];

const projectRoutes: readonly Route[] = [
  route('/project/new', project.newProjectInput, known, newProject),
  route('/project-xxxx/describe', describeInput, viewPlace, describeProject),
  route('/project-xxxx/update', project.updateProjectInput, administer, updateProject),
  route('/project-xxxx/destroy', project.destroyProjectInput, destroy, destroyProject),
  route('/project-xxxx/invite', project.inviteInput, administer, invite),
  route('/project-xxxx/decreasePermissions', project.decreasePermissionsInput, viewPlace, decreasePermissions),
  route('/project-xxxx/leave', object.emptyInput, viewPlace, leave),
  route('/project-xxxx/addTags', object.tagsInput, contribute, addProjectTags),
  route('/project-xxxx/removeTags', object.tagsInput, contribute, removeProjectTags),
  route('/project-xxxx/setProperties', object.propertiesInput, contribute, setProjectProperties),
  ...placeRoutes('project'),
];

const containerRoutes: readonly Route[] = [
  route('/container-xxxx/describe', describeInput, viewPlace, describeContainer),
  ...placeRoutes('container'),
];

const workflowRoutes: readonly Route[] = [
  route('/workflow/new', workflow.newWorkflowInput, target, newWorkflow),
  route('/workflow-xxxx/addStage', workflow.addStageInput, fillObject, addStage),
  route('/workflow-xxxx/removeStage', workflow.removeStageInput, fillObject, removeStage),
  route('/workflow-xxxx/moveStage', workflow.moveStageInput, fillObject, moveStage),
  route('/workflow-xxxx/update', workflow.updateWorkflowInput, fillObject, updateWorkflow),
  route('/workflow-xxxx/updateStageExecutable', workflow.updateStageExecutableInput, fillObject, updateStageExecutable),
  route('/workflow-xxxx/isStageCompatible', workflow.isStageCompatibleInput, viewObject, isStageCompatible),
  route('/workflow-xxxx/overwrite', workflow.overwriteInput, fillObject, overwriteWorkflow),
  route('/workflow-xxxx/close', object.inPlaceInput, fillObject, closeWorkflow),
  route('/workflow-xxxx/validateBatch', validateBatchInput, hintedObject, validateWorkflowBatch),
  route('/workflow-xxxx/dryRun', runWorkflowInput, hintedObject, dryRunWorkflow),
  ...metadataRoutes('workflow'),
  ...openMetadataRoutes('workflow'),
];

const objectRoutes: readonly Route[] = [
  route('/file/new', object.newFileInput, target, newFile),
  route('/file-xxxx/upload', object.uploadInput, fillObject, uploadPart),
  route('/file-xxxx/close', object.inPlaceInput, fillObject, closeFile),
  route('/file-xxxx/download', object.downloadInput, viewObject, downloadFile),
  ...metadataRoutes('file'),
  ...openMetadataRoutes('file'),
  route('/record/new', object.newRecordInput, target, newRecord),
  route('/record-xxxx/close', object.inPlaceInput, fillObject, closeRecord),
  ...metadataRoutes('record'),
  ...openMetadataRoutes('record'),
  route('/applet/new', object.newAppletInput, target, newApplet),
  route('/applet-xxxx/validateBatch', validateBatchInput, hintedObject, validateBatch),
  route('/applet-xxxx/get', object.inPlaceInput, viewObject, getApplet),
  ...metadataRoutes('applet'),
  ...workflowRoutes,
];

/** Answered by the function `api`: everything except runs, new jobs and workers. */
export const apiRoutes: readonly Route[] = [
  ...systemRoutes,
  ...projectRoutes,
  ...containerRoutes,
  ...objectRoutes,
  ...appRoutes,
  ...executionRoutes,
];

/** Answered by the function `run`. */
export const runRoutes: readonly Route[] = [...runs];
/** Answered by the function `new-job`. */
export const newJobRoutes: readonly Route[] = [...newJobs];
/** Answered by the function `worker-api`. Users never call these. */
export const workerRoutes: readonly Route[] = [...workers];

export const routes: readonly Route[] = [...apiRoutes, ...runRoutes, ...newJobRoutes, ...workerRoutes];

/** Projects and containers both hold folders and objects. */
function placeRoutes(className: 'project' | 'container'): Route[] {
  const at = (method: string) => `/${className}-xxxx/${method}`;
  return [
    route(at('newFolder'), folder.newFolderInput, uploadPlace, newFolder),
    route(at('listFolder'), folder.listFolderInput, viewPlace, listFolder),
    route(at('renameFolder'), folder.renameFolderInput, contribute, renameFolder),
    route(at('move'), folder.moveInput, contribute, move),
    route(at('removeFolder'), folder.removeFolderInput, contribute, removeFolder),
    route(at('removeObjects'), folder.removeObjectsInput, contribute, removeObjects),
    route(at('clone'), folder.cloneInput, viewPlace, clone),
  ];
}

/** The methods of every class of data objects. */
function metadataRoutes(className: ObjectClass): Route[] {
  const at = (method: string) => `/${className}-xxxx/${method}`;
  return [
    route(at('describe'), describeInput, hintedObject, describeObject),
    route(at('rename'), object.renameInput, changeObject, rename),
    route(at('addTags'), object.tagsInput, changeObject, addTags),
    route(at('removeTags'), object.tagsInput, changeObject, removeTags),
    route(at('setProperties'), object.propertiesInput, changeObject, setProperties),
    route(at('getDetails'), object.inPlaceInput, viewObject, getDetails),
    route(at('listProjects'), object.emptyInput, viewEverywhere, listProjects),
  ];
}

/** The methods of classes whose objects are open at first. */
function openMetadataRoutes(className: Exclude<ObjectClass, 'applet'>): Route[] {
  const at = (method: string) => `/${className}-xxxx/${method}`;
  return [
    route(at('addTypes'), object.typesInput, fillObject, addTypes),
    route(at('removeTypes'), object.typesInput, fillObject, removeTypes),
    route(at('setDetails'), details, fillWithBody, setDetails),
    route(at('setVisibility'), object.visibilityInput, fillEverywhere, setVisibility),
  ];
}
