import { archiverKills } from '../faults/archiver-kills.ts';
import { testFault } from './fault-test.ts';

testFault(archiverKills);
