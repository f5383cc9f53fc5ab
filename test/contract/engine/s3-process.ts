// Our S3 as a process for tests that kill it: `node s3-process.ts <folder>` prints its endpoint and serves. Its events
// are never delivered, so the next process on the folder must get all of them.

import { startOurs } from './s3.ts';

const folder = process.argv[2];
if (!folder) throw new Error('usage: s3-process.ts <folder>');
const { endpoint, s3 } = await startOurs({ folder, onEvent: () => new Promise(() => {}) });
s3.createBucket('durable', { eventBridge: true });
console.log(endpoint);
