// Pins the versions of the engines that the contract suites are compared with.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** These packages and the constraints give pip one set of versions. LocalStack needs service_identity undeclared. */
export const localStackPackages = ['localstack-core[runtime]==4.14.0', 'service_identity'] as const;
export const localStackConstraints = join(import.meta.dirname, 'localstack-constraints.txt');

/** LocalStack looks for its JSONata engine in a folder of this version. */
export const jsonataVersion = '0.9.7';

export type MavenArtifact = { readonly group: string; readonly artifact: string; readonly version: string };

/** Maven adds their dependencies: jackson-core and jackson-annotations. */
export const jsonataArtifacts: readonly MavenArtifact[] = [
  { group: 'com.dashjoin', artifact: 'jsonata', version: jsonataVersion },
  { group: 'com.fasterxml.jackson.core', artifact: 'jackson-databind', version: '2.16.2' },
];

export const dynamoDbLocalArtifacts: readonly MavenArtifact[] = [
  { group: 'com.amazonaws', artifact: 'DynamoDBLocal', version: '2.5.2' },
];

export const mavenCopyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/** The same pins give the same key, so an installation is found again, and a changed pin makes a new one. */
export function keyOfLocalStack(pythonVersion: string): string {
  return digest([pythonVersion, ...localStackPackages, readFileSync(localStackConstraints, 'utf8')]);
}

export function keyOfArtifacts(artifacts: readonly MavenArtifact[]): string {
  return digest([
    mavenCopyDependencies,
    ...artifacts.map(({ group, artifact, version }) => `${group}:${artifact}:${version}`),
  ]);
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}
