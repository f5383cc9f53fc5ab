// Cuts the bytes of one HTTP/1.1 connection into whole requests.

export type RawRequest = {
  readonly method: string;
  readonly url: string;
  /** Header names are in lower case, in the order of arrival. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The bytes of the whole request. */
  readonly bytes: Buffer;
};

/** Thrown for bytes that are not a request of an SDK. The connection cannot be used afterwards. */
class UnreadableRequest extends Error {}

/** The reader takes chunks and returns each request that is complete, in order. Bodies must have a Content-Length. */
export function createRequestReader(): (chunk: Buffer) => RawRequest[] {
  let chunks: Buffer[] = [];
  let byteCount = 0;
  /** The length of the request that is being received. Undefined until its head is complete. */
  let needed: number | undefined;
  return (chunk) => {
    const requests: RawRequest[] = [];
    chunks.push(chunk);
    byteCount += chunk.length;
    while (byteCount > 0 && (needed === undefined || byteCount >= needed)) {
      const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
      chunks = [bytes];
      const headEnd = bytes.indexOf('\r\n\r\n');
      if (headEnd < 0 || headEnd > maximumHeadBytes) {
        if (bytes.length > maximumHeadBytes) throw new UnreadableRequest('the head is too large');
        return requests;
      }
      const head = readHead(bytes.toString('latin1', 0, headEnd));
      const bodyStart = headEnd + 4;
      needed = bodyStart + bodyLength(head.headers);
      if (byteCount < needed) return requests;
      const whole = bytes.subarray(0, needed);
      requests.push({ ...head, body: whole.subarray(bodyStart), bytes: whole });
      const rest = bytes.subarray(needed);
      chunks = rest.length > 0 ? [rest] : [];
      byteCount = rest.length;
      needed = undefined;
    }
    return requests;
  };
}

function readHead(text: string): Pick<RawRequest, 'method' | 'url' | 'headers'> {
  const [start = '', ...lines] = text.split('\r\n');
  const [method = '', url = '', version] = start.split(' ');
  if (version !== 'HTTP/1.1') throw new UnreadableRequest('the request is not HTTP/1.1');
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) throw new UnreadableRequest('a header has no name');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]},${value}` : value;
  }
  return { method, url, headers };
}

function bodyLength(headers: Readonly<Record<string, string>>): number {
  if (headers['transfer-encoding'] !== undefined) throw new UnreadableRequest('chunked bodies are not taken');
  const text = headers['content-length'] ?? '0';
  if (!/^\d{1,9}$/.test(text) || Number(text) > maximumBodyBytes) throw new UnreadableRequest('the body is too large');
  return Number(text);
}

/** The largest head, as in Node. */
const maximumHeadBytes = 16 * 1024;
/** DynamoDB takes at most 16 MB, counted after JSON and base64 encoding. */
const maximumBodyBytes = 17 * 1024 * 1024;
