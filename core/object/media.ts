// Detects the media type of a file by its first bytes (docs/reference/api.md, "File upload").

/** The type of a file whose uploader named none, and whose bytes say nothing. */
export const unknownMedia = 'application/octet-stream';
/** The bytes that `detectMedia` reads. A tar archive says what it is at byte 257. */
export const mediaByteCount = 512;

/** The type of a file that begins with these bytes. HTML counts as plain text: it must not run where it is shown. */
export function detectMedia(first: Uint8Array): string {
  const found = signatures.find(([at, bytes]) => bytes.every((byte, index) => first[at + index] === byte));
  if (found !== undefined) return found[2];
  return first.length > 0 && isText(first) ? 'text/plain' : unknownMedia;
}

/** The last character may be cut. */
function isText(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return !binaryCharacters.test(text);
  } catch {
    return false; // It is not UTF-8.
  }
}

function ascii(text: string): readonly number[] {
  return [...Buffer.from(text, 'latin1')];
}

/** Where a signature begins, its bytes, and the type. */
const signatures: readonly (readonly [at: number, bytes: readonly number[], media: string])[] = [
  [0, [0x1f, 0x8b], 'application/gzip'],
  [0, ascii('BZh'), 'application/x-bzip2'],
  [0, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'application/x-xz'],
  [0, [0x28, 0xb5, 0x2f, 0xfd], 'application/zstd'],
  [0, [0x50, 0x4b, 0x03, 0x04], 'application/zip'],
  [257, ascii('ustar'), 'application/x-tar'],
  [0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], 'image/png'],
  [0, [0xff, 0xd8, 0xff], 'image/jpeg'],
  [0, ascii('GIF8'), 'image/gif'],
  [0, ascii('%PDF-'), 'application/pdf'],
  [0, [0x7f, 0x45, 0x4c, 0x46], 'application/x-executable'],
  [0, ascii('<?xml'), 'text/xml'],
];
const binaryCharacters = /[\u0000-\u0007\u000e-\u001a\u001c-\u001f\u007f]/;
