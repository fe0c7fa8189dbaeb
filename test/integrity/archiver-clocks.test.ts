import { archiverClocks } from '../faults/archiver-clocks.ts';
import { testFault } from './fault-test.ts';

testFault(archiverClocks);
