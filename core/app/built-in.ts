// The apps that the platform has from the beginning: those that `dx build_asset` runs, one for each release of Ubuntu
// (docs/decisions/assets.md).

export type BuiltInApp = {
  /** Without `app-`. Nobody else can have it. */
  readonly name: string;
  /** A new version is made where an older one is. It rises with every change of what the app does. */
  readonly version: string;
  /** The release of Ubuntu, and the version of the environment, that its jobs ask for. */
  readonly release: string;
  readonly environment: string;
};

/** Finds the app with that name. The result is undefined for every other name. */
export function findBuiltIn(name: string): BuiltInApp | undefined {
  return assetBuilders.find((app) => app.name === name);
}

const version = '1.0.0';
/** The names are those that the client knows. */
const assetBuilders: readonly BuiltInApp[] = [
  { name: 'create_asset_precise', version, release: '12.04', environment: '0' },
  { name: 'create_asset_trusty', version, release: '14.04', environment: '0' },
  { name: 'create_asset_xenial', version, release: '16.04', environment: '0' },
  { name: 'create_asset_xenial_v1', version, release: '16.04', environment: '1' },
  { name: 'create_asset_focal', version, release: '20.04', environment: '0' },
  { name: 'create_asset_noble', version, release: '24.04', environment: '0' },
];
