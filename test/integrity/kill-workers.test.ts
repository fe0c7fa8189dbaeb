import { killWorkers } from '../faults/kill-workers.ts';
import { testFault } from './fault-test.ts';

testFault(killWorkers);
