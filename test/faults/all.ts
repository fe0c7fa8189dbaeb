import { archiverClocks } from './archiver-clocks.ts';
import { archiverDamage } from './archiver-damage.ts';
import { archiverJoinLeave } from './archiver-join-leave.ts';
import { archiverKills } from './archiver-kills.ts';
import { archiverMixed } from './archiver-mixed.ts';
import { archiverReplies } from './archiver-replies.ts';
import { archiverZombies } from './archiver-zombies.ts';
import { brokerAway } from './broker-away.ts';
import { brokerRestart } from './broker-restart.ts';
import type { Fault } from './fault.ts';
import { flushAll } from './flush-all.ts';
import { gatewayKafkaAway } from './gateway-kafka-away.ts';
import { gatewayLeaderChange } from './gateway-leader-change.ts';
import { gatewayRestarts } from './gateway-restarts.ts';
import { joinLeave } from './join-leave.ts';
import { killWorkers } from './kill-workers.ts';
import { lateClaim } from './late-claim.ts';
import { lostReply } from './lost-reply.ts';
import { lostSecond } from './lost-second.ts';
import { neverResolves } from './never-resolves.ts';
import { oldSession } from './old-session.ts';
import { oldSnapshot } from './old-snapshot.ts';
import { poison } from './poison.ts';
import { sentTwice } from './sent-twice.ts';
import { spins } from './spins.ts';
import { topicAgain } from './topic-again.ts';
import { zombie } from './zombie.ts';

/** Every fault, in the order in which the long loop plays them. */
export const FAULTS: readonly Fault[] = [
  flushAll,
  zombie,
  lateClaim,
  poison,
  lostReply,
  oldSnapshot,
  sentTwice,
  oldSession,
  neverResolves,
  spins,
  topicAgain,
  brokerRestart,
  brokerAway,
  gatewayKafkaAway,
  gatewayRestarts,
  gatewayLeaderChange,
  lostSecond,
  joinLeave,
  killWorkers,
  archiverKills,
  archiverReplies,
  archiverZombies,
  archiverJoinLeave,
  archiverClocks,
  archiverMixed,
  archiverDamage,
];
