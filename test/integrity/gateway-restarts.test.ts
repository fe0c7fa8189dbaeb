import { gatewayRestarts } from '../faults/gateway-restarts.ts';
import { testFault } from './fault-test.ts';

testFault(gatewayRestarts);
