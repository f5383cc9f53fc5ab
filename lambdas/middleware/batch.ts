// Partial batch responses: every message or record is handled by itself, and only failed ones are delivered again.

import { Logger } from '@aws-lambda-powertools/logger';

const logger = new Logger({ serviceName: 'espalier' });

export type BatchResult = { readonly batchItemFailures: readonly { readonly itemIdentifier: string }[] };

/**
 * @param identify the message id of a queue, the sequence number of a stream.
 * @returns the failed items. A stream continues from the lowest of them: the later records are delivered again, which
 * every step allows.
 */
export async function eachOf<Item>(
  items: readonly Item[],
  identify: (item: Item) => string,
  work: (item: Item) => Promise<unknown>,
): Promise<BatchResult> {
  const failed: { itemIdentifier: string }[] = [];
  const remaining = items[Symbol.iterator]();
  const lane = async () => {
    for (const item of remaining) {
      try {
        await work(item);
      } catch (error) {
        logger.error('item failed', { item: identify(item), error: error as Error });
        failed.push({ itemIdentifier: identify(item) });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallelItems, items.length) }, lane));
  return { batchItemFailures: failed };
}

/** Records of one batch that are handled at once. */
const parallelItems = 8;
