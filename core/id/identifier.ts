// The form of an id, and the kind of thing that it names.

/** Every class that an id can name, in the words of the API (docs/reference/api.md, "Ids"). */
export const idClasses = [
  'record',
  'file',
  'applet',
  'workflow',
  'app',
  'globalworkflow',
  'job',
  'analysis',
  'project',
  'container',
] as const;
export type IdClass = (typeof idClasses)[number];

/** The classes of data objects. They are in a folder of a project or container, and links name them. */
export const objectClasses = ['record', 'file', 'applet', 'workflow'] as const satisfies readonly IdClass[];
export type ObjectClass = (typeof objectClasses)[number];

// An id is a string with its class in its type: the compiler refuses a plain string, or an id of another class, where a
// JobId is wanted. `parseId` makes ids from text.
export type Id<Class extends IdClass> = `${Class}-${string}`;
export type FileId = Id<'file'>;
export type AppletId = Id<'applet'>;
export type AppId = Id<'app'>;
export type GlobalWorkflowId = Id<'globalworkflow'>;
/** Names one version of an app or of a global workflow. */
export type PublishedId = AppId | GlobalWorkflowId;
export type JobId = Id<'job'>;
export type AnalysisId = Id<'analysis'>;
/** An execution is the run of an entry point of an app or applet, or of a workflow. */
export type ExecutionId = JobId | AnalysisId;
export type ProjectId = Id<'project'>;
/** A workspace, a cache or a resources container. */
export type ContainerId = Id<'container'>;
export type ObjectId = { [Class in ObjectClass]: Id<Class> }[ObjectClass];
/** A place that has folders and data objects. */
export type PlaceId = ProjectId | ContainerId;
export type UserId = `user-${string}`;
type OrgId = `org-${string}`;

export type ParsedId =
  | { [Class in IdClass]: { readonly className: Class; readonly id: Id<Class> } }[IdClass]
  | { readonly className: 'user'; readonly id: UserId }
  | { readonly className: 'org'; readonly id: OrgId };

/**
 * The class and the typed id of a text, or undefined when the text is not an id. It does not say whether such a thing
 * exists. Clients accept any 24 letters and digits (docs/reference/api.md, "Ids"), so this function does too.
 */
export function parseId(text: unknown): ParsedId | undefined {
  if (typeof text !== 'string') return undefined;
  const entity = entityPattern.exec(text) ?? handlePattern.exec(text);
  if (entity === null) return undefined;
  return { className: entity[1], id: text } as ParsedId;
}

/** True when the text is an id of exactly that class: narrows the string. */
export function isId<Class extends IdClass>(text: unknown, className: Class): text is Id<Class> {
  return parseId(text)?.className === className;
}

/** True for `user-<handle>`. */
export function isUserId(text: unknown): text is UserId {
  return parseId(text)?.className === 'user';
}

/** True for the id of a data object: record, file, applet or workflow. */
export function isObjectId(text: unknown): text is ObjectId {
  const parsed = parseId(text);
  return parsed !== undefined && (objectClasses as readonly string[]).includes(parsed.className);
}

/** True for the id of a job or an analysis. */
export function isExecutionId(text: unknown): text is ExecutionId {
  return isId(text, 'job') || isId(text, 'analysis');
}

/** True for `project-…` and `container-…`. */
export function isPlaceId(text: unknown): text is PlaceId {
  return isId(text, 'project') || isId(text, 'container');
}

const entityPattern = new RegExp(`^(${idClasses.join('|')})-[0-9A-Za-z]{24}$`);
/** Handles are lower case letters, digits, `.`, `_` and `-`, at most 64 of them, and begin with a letter or digit. */
const handlePattern = /^(user|org)-[a-z0-9][a-z0-9._-]{0,63}$/;
