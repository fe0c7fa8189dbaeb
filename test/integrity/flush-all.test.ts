import { flushAll } from '../faults/flush-all.ts';
import { testFault } from './fault-test.ts';

testFault(flushAll);
