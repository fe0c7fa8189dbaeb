import { joinLeave } from '../faults/join-leave.ts';
import { testFault } from './fault-test.ts';

testFault(joinLeave);
