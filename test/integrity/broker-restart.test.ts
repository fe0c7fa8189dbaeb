import { brokerRestart } from '../faults/broker-restart.ts';
import { testFault } from './fault-test.ts';

testFault(brokerRestart);
