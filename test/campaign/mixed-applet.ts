// The applet of the mixed trees. Each job gets the plan of its part of the tree, makes the jobs below it, and ends as the
// plan says. The jobs themselves do as little as possible.

import type { Client } from './client.ts';

/** The plan of a job and everything below it. */
export type MixedJob = {
  readonly name: string;
  /** A master job is a run of the applet. All others are subjobs. */
  readonly master: boolean;
  readonly children: readonly MixedJob[];
  /** Positions of earlier children of the same job, whose numbers it takes. */
  readonly needs: readonly number[];
  readonly weight: number;
  readonly pauseMs: number;
  readonly makesFile: boolean;
  /** The failure that it reports in the first `badTries` tries of its master job. */
  readonly ending?: 'AppError' | 'AppInternalError';
  readonly badTries: number;
};

/** Makes the applet in the project. Its policy has room for all kills that a tree may meet (`mostKills`). */
export async function createMixedApplet(client: Client, project: string): Promise<string> {
  const runSpec = { interpreter: 'bash', distribution: 'Ubuntu', release: '24.04', version: '0', code };
  const executionPolicy = {
    restartOn: { UnresponsiveWorker: 9, AppInternalError: mostAppRestarts },
    maxRestarts: mostKills + mostAppRestarts,
  };
  const { id } = await client.post('/applet/new', {
    project,
    name: 'mixed',
    dxapi: '1.0.0',
    runSpec: { ...runSpec, executionPolicy },
    inputSpec: [
      { name: 'plan', class: 'hash' },
      { name: 'applet', class: 'string' },
      { name: 'given', class: 'array:int', default: [] },
    ],
    outputSpec: [
      { name: 'n', class: 'int' },
      { name: 'files', class: 'array:file' },
    ],
  });
  return String(id);
}

/** The number that a job returns: its weight, and the numbers of the jobs that it takes and makes. */
export function numberOf(job: MixedJob, given: readonly number[] = []): number {
  const numbers: number[] = [];
  for (const child of job.children)
    numbers.push(
      numberOf(
        child,
        child.needs.map((at) => numbers[at] ?? 0),
      ),
    );
  return sumOf([job.weight, ...given, ...numbers]);
}

/** The texts of the files that a job and all jobs below it return, sorted. */
export function textsOf(job: MixedJob, given: readonly number[] = []): string[] {
  const numbers: number[] = [];
  const texts = job.makesFile ? [`${job.name} ${sumOf([job.weight, ...given])}`] : [];
  for (const child of job.children) {
    const taken = child.needs.map((at) => numbers[at] ?? 0);
    numbers.push(numberOf(child, taken));
    texts.push(...textsOf(child, taken));
  }
  return texts.sort();
}

/** The names of all jobs of a tree that is done, sorted. A job with children makes one more, which adds their numbers. */
export function namesOf(job: MixedJob): string[] {
  const sums = job.children.length > 0 ? [`${job.name} sum`] : [];
  return [job.name, ...sums, ...job.children.flatMap(namesOf)].sort();
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);

/** The kills that one tree may meet. */
export const mostKills = 7;
/** Restarts for AppInternalError that the policy allows. */
export const mostAppRestarts = 2;

const code = `
main() { run; }
part() { run; }
sum() { run; }
run() {
  python3 - <<'PROGRAM'
import hashlib, http.client, json, os, sys, time, urllib.request
home, job = os.environ["HOME"], os.environ["DX_JOB_ID"]
token = json.loads(os.environ["DX_SECURITY_CONTEXT"])["auth_token"]
headers = {"authorization": "Bearer " + token, "content-type": "application/json"}
def call(path, body):
    for left in range(20, -1, -1):
        api = http.client.HTTPConnection(os.environ["DX_APISERVER_HOST"], int(os.environ["DX_APISERVER_PORT"]))
        api.request("POST", "/" + path, json.dumps(body), headers)
        answer = api.getresponse()
        text = answer.read()
        if answer.status == 200:
            return json.loads(text)
        if answer.status < 500 or left == 0:
            sys.exit(path + ": " + text.decode())
        time.sleep(0.2)
def ref(of, field):
    return {"$dnanexus_link": {"job": of, "field": field}}
def upload(name, text):
    data = text.encode()
    file = call("file/new", {"project": os.environ["DX_WORKSPACE_ID"], "name": name, "nonce": nonce(name)})["id"]
    grant = call(file + "/upload", {"index": 1, "size": len(data), "md5": hashlib.md5(data).hexdigest()})
    urllib.request.urlopen(urllib.request.Request(grant["url"], data=data, headers=grant["headers"], method="PUT"))
    call(file + "/close", {})
    return {"$dnanexus_link": file}
def nonce(of):
    return job + " " + str(own) + " " + of
def write(name, value):
    with open(home + "/" + name, "w") as file:
        json.dump(value, file)
with open(home + "/job_input.json") as file:
    given = json.load(file)
own = call(job + "/describe", {"fields": {"try": True}})["try"]
attempt = given.get("attempt", own)
plan = given.get("plan")
if plan is None:
    write("job_output.json", {"n": sum(given["given"]), "files": []})
    sys.exit()
time.sleep(plan["pauseMs"] / 2000)
if attempt < plan["badTries"]:
    write("job_error.json", {"error": {"type": plan["ending"], "message": "as planned"}})
    sys.exit(1)
total = [plan["weight"]] + given["given"]
files = [upload(plan["name"] + ".txt", plan["name"] + " " + str(sum(total)))] if plan["makesFile"] else []
made = []
for child in plan["children"]:
    taken = {"plan": child, "applet": given["applet"], "given": [ref(made[at], "n") for at in child["needs"]]}
    body = {"name": child["name"], "nonce": nonce(child["name"])}
    if child["master"]:
        made.append(call(given["applet"] + "/run", {**body, "input": taken})["id"])
    else:
        made.append(call("job/new", {**body, "function": "part", "input": {**taken, "attempt": attempt}})["id"])
n = sum(total)
if made:
    name = plan["name"] + " sum"
    taken = {"given": total + [ref(one, "n") for one in made]}
    n = ref(call("job/new", {"function": "sum", "name": name, "nonce": nonce(name), "input": taken})["id"], "n")
time.sleep(plan["pauseMs"] / 2000)
write("job_output.json", {"n": n, "files": files + [ref(one, "files") for one in made]})
PROGRAM
}
`;
