import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['node_modules/**'],
    // By default, Vitest leaves one core free: a machine with two cores would run one file at a time.
    maxWorkers: 2,
    testTimeout: 60_000,
    // A cold cache is filled in a hook (startLimitMs of test/wire/session.ts).
    hookTimeout: 360_000,
  },
});
