import { lostReply } from '../faults/lost-reply.ts';
import { testFault } from './fault-test.ts';

testFault(lostReply);
