import { archiverReplies } from '../faults/archiver-replies.ts';
import { testFault } from './fault-test.ts';

testFault(archiverReplies);
