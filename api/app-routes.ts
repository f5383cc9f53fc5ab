// The routes of apps and global workflows, which are the same for both. They are rows of the table in routes.ts.

import { publishedClasses } from '../core/app/version.ts';
import { route } from './make-route.ts';
import { deleteVersion } from './ops/app/delete.ts';
import { describeVersion } from './ops/app/describe.ts';
import { getApp } from './ops/app/get.ts';
import { installApp, uninstallApp } from './ops/app/install.ts';
import { newVersion } from './ops/app/new.ts';
import {
  addAuthorizedUsers,
  addCategories,
  addDevelopers,
  listAuthorizedUsers,
  listCategories,
  listDevelopers,
  removeAuthorizedUsers,
  removeCategories,
  removeDevelopers,
} from './ops/app/people.ts';
import { publishVersion } from './ops/app/publish.ts';
import { addVersionTags, removeVersionTags } from './ops/app/tags.ts';
import { updateVersion } from './ops/app/update.ts';
import { validateVersionBatch } from './ops/app/validate-batch.ts';
import { findApps, findGlobalWorkflows } from './ops/system/find-published.ts';
import type { Access, Route } from './route.ts';
import * as app from './schemas/app.ts';
import { describeInput } from './schemas/describe.ts';
import { validateBatchInput } from './schemas/execution.ts';
import { findPublishedInput } from './schemas/find.ts';
import { emptyInput } from './schemas/object.ts';

/** The operations decide who may call them: a name does not say to which place it belongs. */
const known = { kind: 'caller' } as const satisfies Access;

export const appRoutes: readonly Route[] = [
  route('/system/findApps', findPublishedInput, known, findApps),
  route('/system/findGlobalWorkflows', findPublishedInput, known, findGlobalWorkflows),
  ...publishedClasses.flatMap((className) => {
    const at = (method: string) => `/${className}-xxxx[/yyyy]/${method}`;
    return [
      route(`/${className}/new`, app.newVersionInput, known, newVersion),
      route(at('describe'), describeInput, known, describeVersion),
      route(at('update'), app.updateVersionInput, known, updateVersion),
      route(at('publish'), app.publishInput, known, publishVersion),
      route(at('delete'), emptyInput, known, deleteVersion),
      route(at('addTags'), app.aliasesInput, known, addVersionTags),
      route(at('removeTags'), app.aliasesInput, known, removeVersionTags),
      route(at('addDevelopers'), app.developersInput, known, addDevelopers),
      route(at('removeDevelopers'), app.developersInput, known, removeDevelopers),
      route(at('listDevelopers'), emptyInput, known, listDevelopers),
      route(at('addAuthorizedUsers'), app.authorizedUsersInput, known, addAuthorizedUsers),
      route(at('removeAuthorizedUsers'), app.authorizedUsersInput, known, removeAuthorizedUsers),
      route(at('listAuthorizedUsers'), emptyInput, known, listAuthorizedUsers),
      route(at('addCategories'), app.categoriesInput, known, addCategories),
      route(at('removeCategories'), app.categoriesInput, known, removeCategories),
      route(at('listCategories'), emptyInput, known, listCategories),
      route(at('validateBatch'), validateBatchInput, known, validateVersionBatch),
    ];
  }),
  route('/app-xxxx[/yyyy]/get', emptyInput, known, getApp),
  route('/app-xxxx[/yyyy]/install', emptyInput, known, installApp),
  route('/app-xxxx[/yyyy]/uninstall', emptyInput, known, uninstallApp),
];
