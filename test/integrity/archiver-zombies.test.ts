import { archiverZombies } from '../faults/archiver-zombies.ts';
import { testFault } from './fault-test.ts';

testFault(archiverZombies);
