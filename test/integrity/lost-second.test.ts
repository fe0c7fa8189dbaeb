import { lostSecond } from '../faults/lost-second.ts';
import { testFault } from './fault-test.ts';

testFault(lostSecond);
