import { zombie } from '../faults/zombie.ts';
import { testFault } from './fault-test.ts';

testFault(zombie);
