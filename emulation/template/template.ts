// Reads a synthesized CDK app: its stacks with their templates, in the order of deployment.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartRefusal } from '../../machine/start-refusal.ts';

/** A resource as a CloudFormation template declares it. */
export type Resource = {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly Condition?: string;
};

export type Template = {
  readonly Resources?: Readonly<Record<string, Resource>>;
  readonly Parameters?: Readonly<Record<string, { readonly Type: string; readonly Default?: string }>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Mappings?: Readonly<Record<string, unknown>>;
};

export type Stack = { readonly name: string; readonly template: Template };

/** `assets` maps the hash in an asset's object key to the folder or file that holds the asset. */
export type CloudAssembly = { readonly stacks: readonly Stack[]; readonly assets: ReadonlyMap<string, string> };

type Artifact = {
  readonly type: string;
  readonly dependencies?: readonly string[];
  readonly properties?: { readonly templateFile?: string; readonly file?: string; readonly stackName?: string };
};
type AssetManifest = { readonly files?: Readonly<Record<string, { readonly source?: { readonly path?: string } }>> };

/**
 * Reads a cloud assembly (`cdk.out`). Every stack comes after those that it depends on.
 * @throws StartRefusal when the folder holds no stack, or when stacks depend on each other in a circle.
 */
export function loadCloudAssembly(folder: string): CloudAssembly {
  const { artifacts } = readJson<{ artifacts?: Record<string, Artifact> }>(join(folder, 'manifest.json'));
  const names = Object.keys(artifacts ?? {});
  const assets = new Map<string, string>();
  for (const { type, properties } of Object.values(artifacts ?? {})) {
    if (type !== 'cdk:asset-manifest' || !properties?.file) continue;
    const manifest = readJson<AssetManifest>(join(folder, properties.file));
    for (const [hash, { source }] of Object.entries(manifest.files ?? {})) {
      if (source?.path) assets.set(hash, join(folder, source.path));
    }
  }
  const stacks = inOrder(names, artifacts ?? {}).flatMap((name) => {
    const artifact = artifacts?.[name];
    const file = artifact?.properties?.templateFile;
    return artifact?.type === 'aws:cloudformation:stack' && file
      ? [{ name: artifact.properties?.stackName ?? name, template: readJson<Template>(join(folder, file)) }]
      : [];
  });
  if (stacks.length === 0) throw new StartRefusal(`The folder ${folder} holds no synthesized stack.`);
  return { stacks, assets };
}

function inOrder(names: readonly string[], artifacts: Readonly<Record<string, Artifact>>): string[] {
  const done = new Set<string>();
  const open = new Set<string>();
  const visit = (name: string): void => {
    if (done.has(name)) return;
    if (open.has(name)) throw new StartRefusal(`The stack ${name} depends on itself through other stacks.`);
    open.add(name);
    for (const dependency of artifacts[name]?.dependencies ?? []) visit(dependency);
    done.add(name);
  };
  for (const name of names) visit(name);
  return [...done];
}

function readJson<Value>(path: string): Value {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Value;
  } catch (cause) {
    throw new StartRefusal(`The synthesized file ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
