// Receipt handles: which message, and which of its receives. It knows nothing of where messages are kept.
import { AwsError } from '../wire/aws-error.ts';

/** A handle that names one receive of one message; opaque to clients. */
export function formatReceipt(queue: string, id: number, nonce: string): string {
  return Buffer.from(JSON.stringify([queue, id, nonce])).toString('base64url');
}

/** The parts of a handle of this queue; anything else is ReceiptHandleIsInvalid. */
export function parseReceipt(queue: string, receipt: string): { id: number; nonce: string } {
  try {
    const [name, id, nonce] = JSON.parse(Buffer.from(receipt, 'base64url').toString()) as unknown[];
    if (name === queue && Number.isSafeInteger(id) && typeof nonce === 'string') return { id: id as number, nonce };
  } catch {
    // Not ours: the refusal below says so.
  }
  throw new AwsError(
    'ReceiptHandleIsInvalid',
    `The input receipt handle "${receipt.slice(0, 64)}" is not a valid receipt handle.`,
    404,
  );
}
