// Checks the parts of a file when it is closed (docs/reference/api.md, "File upload").

import { fileUploadParameters } from '../container/upload-parameters.ts';

/** `md5` in hex, `size` in bytes, `index` from 1. */
export type FilePart = { readonly index: number; readonly size: number; readonly md5: string };

/**
 * Why these parts do not make a whole file. Undefined when they do. `announced` lists the parts that the client said it
 * would upload.
 */
export function checkParts(parts: readonly FilePart[], announced: readonly FilePart[]): string | undefined {
  const uploaded = new Map(parts.map((part) => [part.index, part]));
  const last = Math.max(0, ...uploaded.keys());
  for (const part of announced) {
    const found = uploaded.get(part.index);
    if (found === undefined) return `part ${part.index} was announced but not uploaded`;
    if (found.size !== part.size || found.md5 !== part.md5) return `part ${part.index} is not what was announced last`;
  }
  if (last === 0) return 'it has no parts: upload at least one, which may be empty';
  if (last > fileUploadParameters.maximumNumParts)
    return `it has more than ${fileUploadParameters.maximumNumParts} parts`;
  for (let index = 1; index <= last; index++) {
    const part = uploaded.get(index);
    if (part === undefined) return `part ${index} is missing: parts are numbered from 1 without gaps`;
    if (index < last && part.size < fileUploadParameters.minimumPartSize) {
      return `part ${index} has ${part.size} bytes: all but the last must have at least ${fileUploadParameters.minimumPartSize}`;
    }
  }
  const size = totalSize(parts);
  if (size <= fileUploadParameters.maximumFileSize) return undefined;
  return `its parts add up to ${size} bytes: at most ${fileUploadParameters.maximumFileSize} are allowed`;
}

/** Bytes of all parts. */
export function totalSize(parts: readonly FilePart[]): number {
  return parts.reduce((sum, { size }) => sum + size, 0);
}

/**
 * How long the URL for a part is valid. A client asks for it right before its use, and again for each attempt
 * (docs/reference/api.md, "File upload").
 */
export const uploadUrlSeconds = 3600;

/**
 * An upload that is never completed is dropped after this many days, with its parts, by the content bucket's own rule.
 */
export const incompleteUploadDays = 7;
