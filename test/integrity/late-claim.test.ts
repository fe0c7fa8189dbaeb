import { lateClaim } from '../faults/late-claim.ts';
import { testFault } from './fault-test.ts';

testFault(lateClaim);
