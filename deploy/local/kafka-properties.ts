/** A second address of the broker, which it tells to those who ask there: that of whoever forwards to it. */
export interface Forwarded {
  readonly port: number;
  readonly toldPort: number;
}

export interface KafkaNode {
  /** From 1 on; the first is the controller, too. */
  readonly id: number;
  /** How many brokers there are; 1 unless told. Where there are more, a silent one is given up after three seconds. */
  readonly of?: number;
  readonly port: number;
  /** Of the first. */
  readonly controllerPort: number;
  readonly forwarded?: Forwarded | undefined;
}

const SILENT_MS = 3_000;

/**
 * One KRaft node. What is small or zero here makes starting, joining groups and changes of leaders quick: among several
 * brokers each leads again what it led before, a second after it came back.
 */
export function propertiesOf(
  { id, of = 1, port, controllerPort, forwarded }: KafkaNode,
  dataDir: string,
): string {
  const host = '127.0.0.1';
  const listeners = [`PLAINTEXT://${host}:${port}`];
  const told = [...listeners];
  if (forwarded !== undefined) {
    listeners.push(`FORWARDED://${host}:${forwarded.port}`);
    told.push(`FORWARDED://${host}:${forwarded.toldPort}`);
  }
  if (id === 1) listeners.push(`CONTROLLER://${host}:${controllerPort}`);
  return `
process.roles=${id === 1 ? 'broker,controller' : 'broker'}
node.id=${id}
controller.quorum.voters=1@${host}:${controllerPort}
controller.listener.names=CONTROLLER
listeners=${listeners.join(',')}
advertised.listeners=${told.join(',')}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,FORWARDED:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=${dataDir}
auto.create.topics.enable=false
offsets.topic.replication.factor=${of}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=${of}
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
${of === 1 ? '' : `broker.session.timeout.ms=${SILENT_MS}\nbroker.heartbeat.interval.ms=500\nleader.imbalance.check.interval.seconds=1\n`}`;
}
