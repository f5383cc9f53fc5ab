// A bare HTTP server of Node, with which transfers are compared: PUT writes a file into the folder that is its first argument,
// GET reads it. With a second argument `disk`, an answer says that the disk has the file. It prints its port.

import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const [, , folder = '.', durability] = process.argv;
const server = createServer(async (req, res) => {
  const path = join(folder, encodeURIComponent(req.url ?? ''));
  if (req.method === 'PUT') {
    await pipeline(req, createWriteStream(path, { flush: durability === 'disk' }));
    return res.end();
  }
  res.setHeader('content-length', statSync(path).size);
  return pipeline(createReadStream(path), res);
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
