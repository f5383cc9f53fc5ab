// Tests which media type a file gets from its first bytes.

import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { detectMedia, mediaByteCount, unknownMedia } from '../../core/object/media.ts';

const tar = Buffer.alloc(mediaByteCount);
tar.write('reads.txt');
tar.write('ustar', 257);

test.each<[string, Uint8Array, string]>([
  ['a gzip file', gzipSync('ACGT'), 'application/gzip'],
  ['a bzip2 file', Buffer.from('BZh91AY'), 'application/x-bzip2'],
  ['an xz file', Buffer.from('fd377a585a000004', 'hex'), 'application/x-xz'],
  ['a zstd file', Buffer.from('28b52ffd04', 'hex'), 'application/zstd'],
  ['a zip archive', Buffer.from('PK\u0003\u0004..'), 'application/zip'],
  ['a tar archive', tar, 'application/x-tar'],
  ['a PNG image', Buffer.from('89504e470d0a1a0a00', 'hex'), 'image/png'],
  ['a JPEG image', Buffer.from('ffd8ffe0', 'hex'), 'image/jpeg'],
  ['a GIF image', Buffer.from('GIF89a'), 'image/gif'],
  ['a PDF', Buffer.from('%PDF-1.7'), 'application/pdf'],
  ['a program', Buffer.from('\u007fELF\u0002'), 'application/x-executable'],
  ['XML', Buffer.from('<?xml version="1.0"?>'), 'text/xml'],
  ['FASTA', Buffer.from('>chr1\nACGT\n'), 'text/plain'],
  ['HTML, which is shown as text', Buffer.from('<!doctype html><script>'), 'text/plain'],
  ['text that is cut inside a character', Buffer.from('aä').subarray(0, 2), 'text/plain'],
  ['bytes that are not text', Buffer.from([0x61, 0x00, 0x62]), unknownMedia],
  ['bytes that are not UTF-8', Buffer.from([0x61, 0xff, 0x62]), unknownMedia],
  ['a beginning of a signature', Buffer.from([0x1f]), unknownMedia],
  ['nothing', Buffer.alloc(0), unknownMedia],
])('%s', (_, first, media) => {
  expect(detectMedia(first)).toBe(media);
});
