// Writes a download's file name into a header (RFC 6266, RFC 5987). Pure.

/**
 * The browser downloads the file and never shows it. The name is written twice, in plain ASCII for old programs and in
 * UTF-8. A name is data: quotes, controls and everything else that could end the value are replaced or encoded.
 */
export function contentDisposition(filename: string): string {
  const plain = filename.replace(/[^\x20-\x7e]|["\\%;]/g, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded(filename)}`;
}

/** Percent-encodes the characters that RFC 5987 does not allow. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
