import { oldSnapshot } from '../faults/old-snapshot.ts';
import { testFault } from './fault-test.ts';

testFault(oldSnapshot);
