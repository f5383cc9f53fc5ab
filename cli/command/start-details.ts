// The services that variables of AWS may replace, for the help of `espalier start`.

import { isCheckout } from '../../machine/program-file.ts';

/** An installed package has no emulation, and nothing to say. */
export async function startDetails(): Promise<string> {
  if (!isCheckout) return '';
  const { exchangeVariables } = await import('../../emulation/exchange/exchange.ts');
  const lines = Object.values(exchangeVariables).map(({ variable, what }) => `  ${variable.padEnd(34)}${what}`);
  return [
    '',
    'With --as-deployed, each of these variables replaces a service of the platform by another one, with the keys and',
    "the region of AWS's other variables. AWS_ENDPOINT_URL… of its other services is refused",
    '(docs/exchanged-services.md):',
    ...lines,
    '',
  ].join('\n');
}
