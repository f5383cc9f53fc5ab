// The flags of Node with which a platform runs. bin/espalier.js and package.json name them, too.

/**
 * A small young generation: with ten thousand jobs that wait, the platform takes 190 MB instead of 300. Node reads this flag
 * only when it starts.
 */
export const platformFlags: readonly string[] = ['--max-semi-space-size=4'];
