// The one account and region of the embedded cloud, and the form of its ARNs.

export const ACCOUNT_ID = '000000000000';
export const REGION = 'us-east-1';

/** `arn:aws:<service>:us-east-1:000000000000:<resource>`. */
export function arnOf(service: string, resource: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT_ID}:${resource}`;
}
