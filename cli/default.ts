// The values of options that a command line leaves out, and the bounds of their numbers.

/** Well-known programs do not use this port. The README documents it. */
export const defaultPort = 8124;

export const maximumPort = 65_535;

/** The region of new projects that name none, if none is chosen. */
export const defaultRegion = 'aws:us-east-1';
