// /applet-xxxx/get: the whole applet, with its code. `dx get` writes it to files.

import type { AppletSpec } from '../../../core/executable/applet.ts';
import type { ObjectCall } from '../../route.ts';
import { type Description, describeObject } from '../shared/describe-object.ts';

export async function getApplet(call: ObjectCall<unknown>): Promise<Description> {
  const everything = { defaultFields: true, properties: true, details: true };
  const description = await describeObject({ ...call, input: everything });
  const { code } = (call.object.spec as AppletSpec).runSpec;
  return { ...description, runSpec: { ...(description.runSpec as object), code } };
}
