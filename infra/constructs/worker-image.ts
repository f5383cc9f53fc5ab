// The worker's image. It is built from worker/Dockerfile when the stack is deployed; a synth only collects its files.

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { Construct } from 'constructs';
import { bundle, root } from './bundle.ts';

/** The URI of the image for a stack. */
export type WorkerImage = (scope: Construct) => string;

/**
 * The image is built from a folder of its own, with the worker as one file. It changes only when that file or the
 * Dockerfile changes.
 */
export function builtWorkerImage(folder: string): WorkerImage {
  bundle(folder, { worker: 'worker/worker.ts' });
  copyFileSync(join(root, 'worker', 'Dockerfile'), join(folder, 'Dockerfile'));
  return (scope) =>
    new DockerImageAsset(scope, 'WorkerImage', { directory: folder, platform: Platform.LINUX_AMD64 }).imageUri;
}

/** Replaces the image where only the template matters. */
export const withoutImage: WorkerImage = () => 'public.ecr.aws/docker/library/busybox:stable';
