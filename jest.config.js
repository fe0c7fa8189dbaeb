/** One project; `deploy/local/test.ts` runs it after the static checks. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: {
    '^.+\\.tsx?$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'automatic', importSource: 'preact' } },
        },
        module: { type: 'es6' },
      },
    ],
  },
  moduleNameMapper: { '^lectern/reducers$': '<rootDir>/services/shared/reducer-api.ts' },
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  testTimeout: 30_000,
  testSequencer: '<rootDir>/test/support/suite-sequencer.mjs',
  // One more than the smallest machine has cores: two of three wait for servers most of the time.
  maxWorkers: 3,
  // Modules of suites that ended are not given back by Node, and collecting garbage around them costs more and more.
  workerIdleMemoryLimit: '512MB',
};
