// The API over plain HTTP, for one user. Calls are not retried: a failure would spoil the measurement.

export type Reply = Readonly<Record<string, unknown>>;
export type Client = { post(path: string, body: object): Promise<Reply> };

/** Throws a refusal, or an answer that is not the API's, with its text. */
export function createClient(url: string, token: string): Client {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return {
    async post(path, body) {
      const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      const text = await response.text();
      if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
      return JSON.parse(text) as Reply;
    },
  };
}

/** The results of `count` calls, at most SUBMITTERS of them under way at once. */
export async function inParallel<Result>(count: number, call: (index: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const submit = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      results[index] = await call(index);
    }
  };
  await Promise.all(Array.from({ length: submitterCount }, submit));
  return results;
}

const submitterCount = 8;
