import { sentTwice } from '../faults/sent-twice.ts';
import { testFault } from './fault-test.ts';

testFault(sentTwice);
