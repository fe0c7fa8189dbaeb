import { brokerAway } from '../faults/broker-away.ts';
import { testFault } from './fault-test.ts';

testFault(brokerAway);
