import { poison } from '../faults/poison.ts';
import { testFault } from './fault-test.ts';

testFault(poison);
