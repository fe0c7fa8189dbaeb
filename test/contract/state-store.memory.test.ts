import { describe } from '@jest/globals';
import { createMemoryState } from '../support/memory-state.ts';
import { stateStoreContract } from './state-store.ts';

// The stand-in of the query service's unit tests must keep the same contract as the real stores.
stateStoreContract({
  name: 'memory, for tests',
  describe,
  create: async () => ({ store: createMemoryState().store, close: async () => undefined }),
});
