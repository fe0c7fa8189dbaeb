import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { type Child, startChild } from './child.ts';
import { findJava, type Java, type Log, maven } from './install.ts';
import { sharedClasses } from './java-classes.ts';
import { freePort } from './ports.ts';
import type { Run } from './run.ts';
import { type Service, startService, whenReady } from './service.ts';

const VERSION = '4.1.0';
const CLUSTER_ID = 'bGVjdGVybi1sb2NhbC0wMA';
const OPTIONS = [
  '-Xmx1g',
  '-XX:+UseSerialGC',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
];
/** Up in half the time, and slower under load. */
const QUICKLY_COMPILED = '-XX:TieredStopAtLevel=1';
const READY_DEADLINE_MS = 60_000;

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${VERSION}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`;

/** The folder of Kafka's jars. */
function installKafka(log: Log): Promise<string> {
  return cached(`kafka-${VERSION}`, async (dir) => {
    log(`downloading Kafka ${VERSION} with Maven`);
    await writeFile(join(dir, 'pom.xml'), pom);
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
    await maven('Kafka', ['-f', join(dir, 'pom.xml'), goal, `-DoutputDirectory=${dir}`]);
  });
}

/** A second address of the broker, which it tells to those who ask there: that of whoever forwards to it. */
export interface Forwarded {
  readonly port: number;
  readonly toldPort: number;
}

interface Ports {
  readonly port: number;
  readonly controllerPort: number;
  readonly forwarded?: Forwarded | undefined;
}

/** One KRaft node that is broker and controller. What is small or zero here makes starting and joining groups quick. */
function properties({ port, controllerPort, forwarded }: Ports, dataDir: string): string {
  const host = '127.0.0.1';
  const listeners = [`PLAINTEXT://${host}:${port}`];
  const told = [...listeners];
  if (forwarded !== undefined) {
    listeners.push(`FORWARDED://${host}:${forwarded.port}`);
    told.push(`FORWARDED://${host}:${forwarded.toldPort}`);
  }
  return `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
controller.listener.names=CONTROLLER
listeners=${listeners.join(',')},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=${told.join(',')}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,FORWARDED:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=${dataDir}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
`;
}

interface Kafka {
  readonly run: Run;
  readonly java: Java;
  readonly jars: string;
}

function runKafkaClass(
  { run, java, jars }: Kafka,
  name: string,
  options: readonly string[],
  ...args: string[]
): Promise<Child> {
  return startChild({
    run,
    name,
    command: java.command,
    args: [...OPTIONS, ...options, '-cp', join(jars, '*'), ...args],
    cwd: run.dir,
  });
}

/** An empty formatted data folder. It depends on the version only, so the second of JVM that it costs is paid once. */
function formattedData(kafka: Kafka): Promise<string> {
  return cached(`kafka-${VERSION}-formatted`, async (dir) => {
    const config = join(kafka.run.makeDir('kafka-format'), 'server.properties');
    await writeFile(config, properties({ port: 1, controllerPort: 2 }, dir));
    const args = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', config];
    const format = await runKafkaClass(kafka, 'Kafka format', [QUICKLY_COMPILED], ...args);
    const { code } = await format.ended;
    if (code !== 0) throw new Error(`Kafka could not format its data folder:\n${format.lines().join('\n')}`);
  });
}

export interface LocalKafka {
  readonly brokers: readonly string[];
  readonly service: Service;
}

export interface ServerOptions {
  readonly run: Run;
  readonly log: Log;
  readonly lost: (detail: string) => void;
}

export interface KafkaOptions extends ServerOptions {
  readonly forwarded?: Forwarded;
  /** Compiled to be fast rather than to be up soon: for measuring. */
  readonly optimized?: boolean;
}

/** What a broker is started with, in a folder of its own. */
async function prepared(kafka: Kafka, forwarded?: Forwarded): Promise<{ brokers: string[]; config: string }> {
  const dir = kafka.run.makeDir('kafka');
  const data = join(dir, 'data');
  await cp(await formattedData(kafka), data, { recursive: true });
  const [port, controllerPort] = [await freePort(), await freePort()];
  const config = join(dir, 'server.properties');
  await writeFile(config, properties({ port, controllerPort, forwarded }, data));
  return { brokers: [`127.0.0.1:${port}`], config };
}

async function launchBroker(kafka: Kafka, config: string, options: readonly string[]): Promise<Child> {
  const child = await runKafkaClass(kafka, 'Kafka', options, 'kafka.Kafka', config);
  return whenReady(child, child.waitForLine(/Kafka Server started/, READY_DEADLINE_MS));
}

/** One broker on a free loopback port, data in the run's directory. */
export async function startKafka(options: KafkaOptions): Promise<LocalKafka> {
  const { run, log, lost, forwarded, optimized = false } = options;
  const java = await findJava('Kafka');
  const kafka: Kafka = { run, java, jars: await installKafka(log) };
  const { brokers, config } = await prepared(kafka, forwarded);
  const classes = await sharedClasses(`kafka-${VERSION}`, java, async (option) =>
    launchBroker(kafka, (await prepared(kafka)).config, [option]),
  );
  const launch = () => launchBroker(kafka, config, optimized ? [classes] : [classes, QUICKLY_COMPILED]);
  return { brokers, service: await startService({ name: 'kafka', lost, launch }) };
}
