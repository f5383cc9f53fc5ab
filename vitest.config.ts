import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['node_modules/**'],
    testTimeout: 60_000,
    // A cold cache is filled in a hook (startLimitMs of test/wire/session.ts).
    hookTimeout: 360_000,
  },
});
