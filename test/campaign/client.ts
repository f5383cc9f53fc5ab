// Calls the API over plain HTTP for campaigns and benchmarks. Calls are repeated for a limited time while a platform
// restarts.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { givenSession, type Platform } from '../wire/session.ts';

const retryLimitMs = 60_000;
const retryPauseMs = 100;
const partBytes = 16 * 1024 * 1024;

export type Client = {
  readonly url: string;
  /** The same caller at the address of a platform that was started again. */
  at(url: string): Client;
  post(path: string, body: unknown): Promise<Record<string, unknown>>;
  upload(project: string, name: string, bytes: Buffer): Promise<string>;
  download(file: string): Promise<Buffer>;
};

/** Calls are repeated while there is no answer or a 5xx. A refusal is thrown with its type and message. */
export function createClient(url: string, token: string): Client {
  const post: Client['post'] = async (path, body) => {
    const request = { method: 'POST', body: JSON.stringify(body) };
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await patiently(() => fetch(`${url}${path}`, { ...request, headers }));
    const reply = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(reply.error)}`);
    return reply;
  };
  return {
    url,
    at: (next) => createClient(next, token),
    post,
    upload: async (project, name, bytes) => {
      const { id } = await post('/file/new', { project, name, nonce: `${name}-${Date.now()}-${Math.random()}` });
      for (let index = 1, from = 0; from < bytes.length || index === 1; index += 1, from += partBytes) {
        const part = bytes.subarray(from, from + partBytes);
        const md5 = createHash('md5').update(part).digest('hex');
        const grant = await post(`/${id}/upload`, { index, size: part.length, md5 });
        const put = { method: 'PUT', headers: grant.headers as Record<string, string>, body: new Uint8Array(part) };
        const response = await patiently(() => fetch(String(grant.url), put));
        if (!response.ok) throw new Error(`part ${index} of ${name}: ${response.status} ${await response.text()}`);
      }
      await post(`/${id}/close`, {});
      return String(id);
    },
    download: async (file) => {
      const grant = await post(`/${file}/download`, { preauthenticated: false });
      const response = await patiently(() =>
        fetch(String(grant.url), { headers: grant.headers as Record<string, string> }),
      );
      if (!response.ok) throw new Error(`${file}: ${response.status}`);
      return Buffer.from(await response.arrayBuffer());
    },
  };
}

async function patiently(attempt: () => Promise<Response>): Promise<Response> {
  const deadline = Date.now() + retryLimitMs;
  for (;;) {
    try {
      const response = await attempt();
      if (response.status < 500 || Date.now() > deadline) return response;
      await response.body?.cancel();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await pause(retryPauseMs);
  }
}

/** A client with a new token of the platform's first user. */
export async function connect(on: Platform): Promise<Client> {
  const session = await givenSession(on);
  const token = JSON.parse(session.environment.DX_SECURITY_CONTEXT ?? '{}').auth_token;
  session.close();
  return createClient(on.url, token);
}

/** Creates the applet of an example folder that has no resources/, as `dx build` would. */
export async function buildExample(client: Client, project: string, folder: string): Promise<string> {
  const { runSpec, regionalOptions, ...dxapp } = JSON.parse(readFileSync(join(folder, 'dxapp.json'), 'utf8'));
  const { file, ...rest } = runSpec;
  const region = regionalOptions?.['aws:us-east-1'] ?? {};
  const code = readFileSync(join(folder, file), 'utf8');
  const { id } = await client.post('/applet/new', { ...dxapp, project, runSpec: { ...rest, ...region, code } });
  return String(id);
}

export const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));
export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
