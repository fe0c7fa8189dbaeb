import { topicAgain } from '../faults/topic-again.ts';
import { testFault } from './fault-test.ts';

testFault(topicAgain);
