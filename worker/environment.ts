// The settings that a worker gets from its starter. Only this file in `worker/` reads the environment.

/** The settings of one worker process, from the container's environment. */
export type WorkerEnvironment = {
  readonly apiUrl: string;
  readonly job: string;
  readonly try: number;
  readonly launch: number;
  /** Used up by the claim: the platform accepts it once. */
  readonly nonce: string;
  /** The folder that the job sees as `/`: `/` in a container, a folder of its own on one machine. */
  readonly root: string;
  /** Folder of the dx tools, put first on the job's PATH. Absent in a container, whose PATH has them. */
  readonly tools?: string;
  /**
   * Folder for packages that `execDepends` installs, kept from run to run. Absent in a container, which is thrown away.
   */
  readonly overlays?: string;
  /** A pipe that closes when the platform dies. */
  readonly lifelineFd?: number;
  /** The address at which a container learns the ARN of its task. */
  readonly metadataUrl?: string;
  /** Marks every process of this task, so that the platform finds those which outlive a crash. One machine only. */
  readonly taskId?: string;
  /** Whether the kernel gives this worker namespaces of its own. Absent if the kernel was not asked. */
  readonly namespaces?: boolean;
  /** The reason why a job gets no `/` of its own here; `yes` if it gets one. Absent if the kernel was not asked. */
  readonly jobRoot?: string;
  /** The number of this worker among those of its machine, from 0. */
  readonly slot?: string;
  /** The program that starts jobs, where it does not lie beside the worker's own. */
  readonly starter?: string;
  readonly path: string;
  /** The worker's own variables, for programs that it runs for itself (pip, apt-get, tar). The job never gets them. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
};

/** Throws an Error that names each missing or malformed variable. */
export function readWorkerEnvironment(variables: Readonly<Record<string, string | undefined>>): WorkerEnvironment {
  const missing: string[] = [];
  const text = (name: string): string => {
    const value = variables[name];
    if (!value) missing.push(name);
    return value ?? '';
  };
  const number = (name: string): number => {
    const value = text(name);
    if (value && !/^\d{1,9}$/.test(value)) missing.push(`${name} (a whole number)`);
    return Number(value);
  };
  const environment = {
    apiUrl: text('ESPALIER_API_URL'),
    job: text('ESPALIER_JOB'),
    try: number('ESPALIER_TRY'),
    launch: number('ESPALIER_LAUNCH'),
    nonce: text('ESPALIER_NONCE'),
    root: text('ESPALIER_ROOT'),
    ...readStarterEnvironment(variables),
    inherited: variables,
    ...optional('metadataUrl', variables.ECS_CONTAINER_METADATA_URI_V4),
    ...optional('jobRoot', variables.ESPALIER_JOB_ROOT),
    ...(variables.ESPALIER_NAMESPACES ? { namespaces: variables.ESPALIER_NAMESPACES === 'yes' } : {}),
    ...(variables.ESPALIER_LIFELINE_FD ? { lifelineFd: Number(variables.ESPALIER_LIFELINE_FD) } : {}),
  };
  if (missing.length > 0) throw new Error(`the worker was started without ${missing.join(', ')}`);
  return environment;
}

/** The settings that are the same for all jobs of a process, and that start its jobs. */
export function readStarterEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
): Pick<WorkerEnvironment, 'path' | 'tools' | 'taskId' | 'overlays' | 'starter' | 'slot'> {
  return {
    path: variables.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    ...optional('tools', variables.ESPALIER_TOOLS),
    ...optional('taskId', variables.ESPALIER_TASK_ID),
    ...optional('overlays', variables.ESPALIER_OVERLAYS),
    ...optional('starter', variables.ESPALIER_STARTER),
    ...optional('slot', variables.ESPALIER_SLOT),
  };
}

function optional<Name extends string>(name: Name, value: string | undefined): { [name in Name]?: string } {
  return value ? ({ [name]: value } as { [name in Name]: string }) : {};
}
