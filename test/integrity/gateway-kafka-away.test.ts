import { gatewayKafkaAway } from '../faults/gateway-kafka-away.ts';
import { testFault } from './fault-test.ts';

testFault(gatewayKafkaAway);
