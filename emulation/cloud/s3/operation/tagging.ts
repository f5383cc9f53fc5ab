// Tags of objects: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html
import { receiveText } from '../body.ts';
import { checkTags } from '../object-header.ts';
import type { Tag } from '../object-table.ts';
import type { S3Core, S3Reply, S3Request } from '../request.ts';
import { refuse } from '../s3-error.ts';
import { childText, parseXml, renderXml } from '../xml.ts';
import { requireObject } from './get-object.ts';

export function getObjectTagging(core: S3Core, request: S3Request): S3Reply {
  const { tags } = requireObject(core, request);
  const entries = tags.map(({ key, value }) => ({ Key: key, Value: value }));
  return { body: renderXml({ Tagging: { TagSet: { Tag: entries } } }) };
}

export async function putObjectTagging(core: S3Core, request: S3Request): Promise<S3Reply> {
  const set = parseXml(await receiveText(request), 'Tagging').children.find((child) => child.name === 'TagSet');
  if (!set) throw refuse('MalformedXML');
  const tags: Tag[] = set.children.map((entry) => {
    const [key, value] = [childText(entry, 'Key'), childText(entry, 'Value')];
    if (entry.name !== 'Tag' || key === undefined || value === undefined) throw refuse('MalformedXML');
    return { key, value };
  });
  // Read after the body, so that nothing comes between reading and writing the row.
  core.table.putObject({ ...requireObject(core, request), tags: checkTags(tags) });
  return {};
}

export function deleteObjectTagging(core: S3Core, request: S3Request): S3Reply {
  core.table.putObject({ ...requireObject(core, request), tags: [] });
  return { status: 204 };
}
