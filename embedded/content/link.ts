// Signed links to the bytes of files, on the API's own port. A link is its own credential: what it allows is in its
// path, under a seal.

import { timingSafeEqual } from 'node:crypto';
import type { UploadedPart } from '../../core/context.ts';

/** Allows to put exactly this part. `expires` in milliseconds since 1970. */
export type UploadGrant = { readonly upload: string; readonly part: UploadedPart; readonly expires: number };
/** Allows to read a file, and says how the reply names it. */
export type DownloadGrant = {
  readonly key: string;
  readonly filename?: string | undefined;
  readonly media?: string | undefined;
  readonly expires: number;
};
export type ContentLinks = {
  upload(grant: UploadGrant): Promise<string>;
  download(grant: DownloadGrant): Promise<string>;
  /** What a path allows. Undefined when its seal is not ours. */
  read(path: string): Promise<{ upload?: UploadGrant; download?: DownloadGrant } | undefined>;
};

/** @param seal the HMAC of a text under the key of this platform */
export function createContentLinks(
  address: () => Promise<string>,
  seal: (text: string) => Promise<string>,
): ContentLinks {
  const linkTo = async (grant: object) => {
    const text = Buffer.from(JSON.stringify(grant)).toString('base64url');
    return `${await address()}${contentPrefix}${text}.${await seal(text)}`;
  };
  return {
    upload: (grant) => linkTo({ upload: grant }),
    download: (grant) => linkTo({ download: grant }),
    async read(path) {
      const [text = '', shown = ''] = path.slice(contentPrefix.length).split('.');
      const wanted = Buffer.from(await seal(text));
      const given = Buffer.from(shown);
      if (wanted.length !== given.length || !timingSafeEqual(wanted, given)) return undefined;
      return JSON.parse(Buffer.from(text, 'base64url').toString());
    },
  };
}

export const contentPrefix = '/_content/';
