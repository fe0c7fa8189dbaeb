import { archiverJoinLeave } from '../faults/archiver-join-leave.ts';
import { testFault } from './fault-test.ts';

testFault(archiverJoinLeave);
