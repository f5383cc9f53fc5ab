// The one account and region of the embedded cloud, and the form of its ARNs.

export const localAccountId = '000000000000';
export const localRegion = 'us-east-1';

/** `arn:aws:<service>:us-east-1:000000000000:<resource>`. */
export function arnOf(service: string, resource: string): string {
  return `arn:aws:${service}:${localRegion}:${localAccountId}:${resource}`;
}
