import { archiverMixed } from '../faults/archiver-mixed.ts';
import { testFault } from './fault-test.ts';

testFault(archiverMixed);
