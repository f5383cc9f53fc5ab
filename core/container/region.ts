// The names of regions (docs/reference/api.md, "Regions"). Here a region is only a name: all data lies in one place.

/** True for `cloud:geo`, such as `aws:eu-west-2`. The names of AWS and Azure have the forms of those clouds. */
export function isRegion(text: string): boolean {
  const [cloud = '', geo = '', ...rest] = text.split(':');
  return (
    text.length <= maximumLength && rest.length === 0 && cloudName.test(cloud) && (geos.get(cloud) ?? anyGeo).test(geo)
  );
}

/**
 * The regions that clients are offered for new projects and apps: the one of the platform first, then those that the service
 * documents (https://documentation.dnanexus.com/developer/api/regions). A project may have any other name of that form.
 */
export function offeredRegions(own: string): string[] {
  return [...new Set([own, ...knownRegions])];
}

/** The end of the sentence that refuses any other text. */
export const regionForm = 'be a region, such as aws:us-east-1, aws:eu-west-2 or azure:westus';

const maximumLength = 64;
const cloudName = /^[a-z]{2,16}$/;
const anyGeo = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const geos: ReadonlyMap<string, RegExp> = new Map([
  // Some have a suffix, such as eu-west-2-g.
  ['aws', /^[a-z]{2}(-[a-z]+)+-\d(-[a-z]+)?$/],
  ['azure', /^[a-z]+\d?(-[a-z]+)?$/],
]);
const knownRegions = ['aws:us-east-1', 'aws:ap-southeast-2', 'aws:eu-central-1', 'aws:eu-west-2', 'azure:westus'];
