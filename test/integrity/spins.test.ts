import { spins } from '../faults/spins.ts';
import { testFault } from './fault-test.ts';

testFault(spins);
