// The applets that are measured. Their jobs do as little as possible.

import type { Client } from './client.ts';

export type Applets = {
  readonly project: string;
  /** A bash job without input, output and files. */
  readonly empty: string;
  /** A job that ends after ten minutes. */
  readonly sleeper: string;
  /** Takes the number `n`, or a reference to one, and returns one. */
  readonly link: string;
  /** Makes `width` subjobs and, unless `gather` is false, one that takes all their numbers. */
  readonly scatter: string;
};

/** The program of an empty job: its main function, as the applet has it. */
export const emptyCode = 'main() { :; }';

/** Makes the applets in a project of their own. */
export async function createApplets(client: Client): Promise<Applets> {
  const { id } = await client.post('/project/new', { name: 'benchmark' });
  const project = String(id);
  const create = async (name: string, code: string, specification: object = {}): Promise<string> => {
    const runSpec = { interpreter: 'bash', distribution: 'Ubuntu', release: '24.04', version: '0', code };
    const body = { project, name, dxapi: '1.0.0', runSpec, ...specification };
    return String((await client.post('/applet/new', body)).id);
  };
  const numbers = { inputSpec: [number], outputSpec: [number] };
  const width = { name: 'width', class: 'int' };
  const gather = { name: 'gather', class: 'boolean', default: true };
  return {
    project,
    empty: await create('empty', emptyCode, { inputSpec: [], outputSpec: [] }),
    sleeper: await create('sleeper', 'main() { sleep 600; }', { inputSpec: [], outputSpec: [] }),
    link: await create('link', `main() { ${giveNumber}; }`, numbers),
    scatter: await create('scatter', scatterCode, { inputSpec: [width, gather], outputSpec: [number] }),
  };
}

const number = { name: 'n', class: 'int', optional: true } as const;
const giveNumber = `printf '{"n": 1}' > "$HOME/job_output.json"`;

/** A client in the job's own shell would start a process for each call, so one small program makes all subjobs. */
const scatterCode = `
part() { ${giveNumber}; }
gather() { ${giveNumber}; }
main() {
  python3 - "$width" "$gather" <<'PROGRAM'
import http.client, json, os, sys
token = json.loads(os.environ["DX_SECURITY_CONTEXT"])["auth_token"]
api = http.client.HTTPConnection(os.environ["DX_APISERVER_HOST"], int(os.environ["DX_APISERVER_PORT"]))
headers = {"authorization": "Bearer " + token, "content-type": "application/json"}
def new_job(function, given):
    api.request("POST", "/job/new", json.dumps({"function": function, "input": given}), headers)
    answer = api.getresponse()
    body = json.loads(answer.read())
    if answer.status != 200:
        sys.exit(json.dumps(body))
    return {"$dnanexus_link": {"job": body["id"], "field": "n"}}
parts = [new_job("part", {"n": index}) for index in range(int(sys.argv[1]))]
output = {"n": new_job("gather", {"parts": parts}) if sys.argv[2] == "true" else 1}
with open(os.environ["HOME"] + "/job_output.json", "w") as file:
    json.dump(output, file)
PROGRAM
}
`;
