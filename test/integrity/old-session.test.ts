import { oldSession } from '../faults/old-session.ts';
import { testFault } from './fault-test.ts';

testFault(oldSession);
