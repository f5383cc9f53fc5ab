// The worker's image: built from worker/Dockerfile when the stack is deployed; a synth only assembles what goes into it.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { Construct } from 'constructs';
import { bundle, root } from './bundle.ts';

/** The URI of the image for a stack. */
export type WorkerImage = (scope: Construct) => string;

/** From a folder of its own, with the worker as one file: the image changes when that does, and only then. */
export function builtWorkerImage(folder: string): WorkerImage {
  bundle(folder, { worker: 'worker/worker.ts' });
  copyFileSync(join(root, 'worker', 'Dockerfile'), join(folder, 'Dockerfile'));
  return (scope) =>
    new DockerImageAsset(scope, 'WorkerImage', { directory: folder, platform: Platform.LINUX_AMD64 }).imageUri;
}

/** Stands in for the image where only the template matters. */
export const withoutImage: WorkerImage = () => 'public.ecr.aws/docker/library/busybox:stable';
