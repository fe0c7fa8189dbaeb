import { gatewayLeaderChange } from '../faults/gateway-leader-change.ts';
import { testFault } from './fault-test.ts';

testFault(gatewayLeaderChange);
