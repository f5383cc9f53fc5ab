// Receipt handles. A handle names a message and one of its receives.

import { AwsError } from '../wire/aws-error.ts';

/** Makes the handle of one receive of one message. It is opaque to clients. */
export function formatReceipt(queue: string, id: number, nonce: string): string {
  return Buffer.from(JSON.stringify([queue, id, nonce])).toString('base64url');
}

/** Parses a handle of this queue. Throws ReceiptHandleIsInvalid for anything else. */
export function parseReceipt(queue: string, receipt: string): { id: number; nonce: string } {
  try {
    const [name, id, nonce] = JSON.parse(Buffer.from(receipt, 'base64url').toString()) as unknown[];
    if (name === queue && Number.isSafeInteger(id) && typeof nonce === 'string') return { id: id as number, nonce };
  } catch {
    // The handle has another form, and is refused below.
  }
  throw new AwsError(
    'ReceiptHandleIsInvalid',
    `The input receipt handle "${receipt.slice(0, 64)}" is not a valid receipt handle.`,
    404,
  );
}
