// Tests searches for data objects over many projects: their pages follow each other, and each ends in time.

import { beforeEach, expect, test } from 'vitest';
import { givenPlatform, givenProject, givenRecord, type Platform } from './given.ts';

const projectCount = 80;
let platform: Platform;
let records: { project: string; id: string }[];
beforeEach(async () => {
  platform = await givenPlatform();
  records = [];
  for (let count = 0; count < projectCount; count++) {
    const project = await givenProject(platform.alice, `p${count}`);
    if (count % 2 === 0)
      records.push({ project, id: await givenRecord(platform.alice, project, { name: `r${count}` }) });
  }
  records.sort((first, second) => (first.project < second.project ? -1 : 1));
});

type Page = { readonly results: { readonly project: string; readonly id: string }[]; readonly next: unknown };

async function allPages(input: object): Promise<Page[]> {
  const pages: Page[] = [];
  let starting: unknown = null;
  do {
    const page = (await platform.alice.call('/system/findDataObjects', { ...input, starting })) as unknown as Page;
    pages.push(page);
    starting = page.next;
  } while (starting !== null && pages.length < 200);
  return pages;
}

test('a search finds every object once, in the order of the projects', async () => {
  for (const limit of [1, 7, 1_000]) {
    const found = (await allPages({ limit })).flatMap(({ results }) => results);
    expect(found).toEqual(records);
  }
});

test('a page ends early when time runs out, and the next page continues there', async () => {
  const { context } = platform;
  context.setHook({
    before: () => {
      context.clock.now += 200;
    },
  });
  for (const input of [{}, { name: 'r78' }]) {
    const pages = await allPages(input);
    expect(pages.length).toBeGreaterThan(1);
    const found = pages.flatMap(({ results }) => results);
    expect(found).toHaveLength('name' in input ? 1 : records.length);
    expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
  }
});

test('a search for a few ids reads these objects instead of every project', async () => {
  const { alice, context } = platform;
  const wanted = records.slice(3, 5);
  let reads = 0;
  context.setHook({ before: () => void reads++ });
  const found = await alice.call('/system/findDataObjects', { id: wanted.map(({ id }) => id) });
  expect(found).toMatchObject({ results: wanted, next: null });
  expect(reads).toBeLessThan(15);
});
