// The worker's image: built from worker/Dockerfile when the stack is deployed; a synth only names it.
import { join } from 'node:path';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { Construct } from 'constructs';

/** The URI of the image for a stack. */
export type WorkerImage = (scope: Construct) => string;

/** From the folder worker/: what the Dockerfile copies is in it. */
export const builtWorkerImage: WorkerImage = (scope) =>
  new DockerImageAsset(scope, 'WorkerImage', {
    directory: join(import.meta.dirname, '..', '..', 'worker'),
    platform: Platform.LINUX_AMD64,
  }).imageUri;

/** Stands in for the image where only the template matters. */
export const withoutImage: WorkerImage = () => 'public.ecr.aws/docker/library/busybox:stable';
