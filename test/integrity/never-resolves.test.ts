import { neverResolves } from '../faults/never-resolves.ts';
import { testFault } from './fault-test.ts';

testFault(neverResolves);
