// Completes the fields of a version: those of the request, then those of the applet or workflow that it is made from.

import type { AppletSpec } from '../executable/applet.ts';
import { given } from '../given.ts';
import type { WorkflowSpec } from '../workflow/workflow.ts';
import type { OwnFields } from './check-request.ts';
import type { VersionBody } from './version.ts';

type Base = Pick<AppletSpec, 'title' | 'summary' | 'description'> & Partial<AppletSpec>;
/** The parts of a version that are neither its name nor its people. */
export type Contents = { readonly title: string; readonly openSource: boolean; readonly body: VersionBody };

/** The fields of an applet that its app begins with. */
export function baseOfApplet(spec: AppletSpec): Base {
  return spec;
}

/** The fields of a workflow that its global workflow begins with. */
export function baseOfWorkflow({ title, summary, description }: WorkflowSpec): Base {
  return { title: title ?? '', summary, description };
}

/** The contents of a version that is made from `base`. */
export function completeContents(base: Base, own: OwnFields): Contents {
  const fields = { ...base, ...own };
  const { title, summary, description, developerNotes = '', dxapi = '1.0.0', access = {} } = fields;
  const { ignoreReuse, treeTurnaroundTimeThreshold, httpsApp } = fields;
  const optional = { ignoreReuse, treeTurnaroundTimeThreshold, httpsApp, lineItemPerTest: own.lineItemPerTest };
  const texts = { summary, description, developerNotes, dxapi };
  const body = { ...texts, access, details: own.details ?? {}, ...given(optional) };
  return { title, openSource: own.openSource ?? false, body };
}

/** The contents of a version after an update. What the request does not set stays. */
export function updateContents(before: Contents, own: OwnFields): Contents {
  const { title = before.title, openSource = before.openSource, billTo, ...changes } = own;
  return { title, openSource, body: { ...before.body, ...changes } };
}
