// Maps over many items with a limited number of calls under way at a time.

/** The results in the order of `items`. The first failure is thrown once all calls that were begun have ended. */
export async function mapLimited<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
  concurrency: number = usualConcurrency,
): Promise<Result[]> {
  const results = new Array<Result>(items.length);
  let next = 0;
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const index = next++;
      try {
        results[index] = await act(items[index] as Item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, work));
  if (failures.length > 0) throw failures[0];
  return results;
}

const usualConcurrency = 16;
