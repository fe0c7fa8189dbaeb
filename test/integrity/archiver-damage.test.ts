import { archiverDamage } from '../faults/archiver-damage.ts';
import { testFault } from './fault-test.ts';

testFault(archiverDamage);
