import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { type Child, startChild } from './child.ts';
import { findJava, type Java, type Log, maven } from './install.ts';
import { sharedClasses } from './java-classes.ts';
import { type Forwarded, type KafkaNode, propertiesOf } from './kafka-properties.ts';
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

/** An empty formatted data folder. It depends on version and node only, so the second of JVM that it costs is paid once. */
function formattedData(kafka: Kafka, id: number): Promise<string> {
  const name = id === 1 ? `kafka-${VERSION}-formatted` : `kafka-${VERSION}-formatted-${id}`;
  return cached(name, async (dir) => {
    const config = join(kafka.run.makeDir('kafka-format'), 'server.properties');
    await writeFile(config, propertiesOf({ id, port: 1, controllerPort: 2 }, dir));
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

/** The configuration of a node in a folder of its own. */
async function prepared(kafka: Kafka, node: KafkaNode): Promise<string> {
  const dir = kafka.run.makeDir('kafka');
  const data = join(dir, 'data');
  await cp(await formattedData(kafka, node.id), data, { recursive: true });
  const config = join(dir, 'server.properties');
  await writeFile(config, propertiesOf(node, data));
  return config;
}

async function launchNode(kafka: Kafka, config: string, options: readonly string[]): Promise<Child> {
  const child = await runKafkaClass(kafka, 'Kafka', options, 'kafka.Kafka', config);
  return whenReady(child, child.waitForLine(/Kafka Server started/, READY_DEADLINE_MS));
}

async function findKafka({ run, log }: ServerOptions): Promise<Kafka> {
  return { run, java: await findJava('Kafka'), jars: await installKafka(log) };
}

async function startNode(
  kafka: Kafka,
  { lost, optimized = false }: Pick<KafkaOptions, 'lost' | 'optimized'>,
  node: KafkaNode,
): Promise<LocalKafka> {
  const config = await prepared(kafka, node);
  const classes = await sharedClasses(`kafka-${VERSION}`, kafka.java, async (option) => {
    const ports = { port: await freePort(), controllerPort: await freePort() };
    return launchNode(kafka, await prepared(kafka, { id: 1, ...ports }), [option]);
  });
  const launch = () => launchNode(kafka, config, optimized ? [classes] : [classes, QUICKLY_COMPILED]);
  return {
    brokers: [`127.0.0.1:${node.port}`],
    service: await startService({ name: 'kafka', lost, launch }),
  };
}

/** One broker on a free loopback port, data in the run's directory. */
export async function startKafka({ forwarded, ...options }: KafkaOptions): Promise<LocalKafka> {
  const [port, controllerPort] = [await freePort(), await freePort()];
  return startNode(await findKafka(options), options, { id: 1, port, controllerPort, forwarded });
}

export interface KafkaPair {
  readonly brokers: readonly string[];
  /** The broker that may go away: the other one is the controller, and takes over what it leads. */
  readonly second: Service;
  /** Kills both. */
  close(): Promise<void>;
}

/** Two brokers, for what has two replicas. */
export async function startKafkaPair(options: ServerOptions): Promise<KafkaPair> {
  const kafka = await findKafka(options);
  const [controllerPort, port, otherPort] = [await freePort(), await freePort(), await freePort()];
  const nodes = await Promise.allSettled([
    startNode(kafka, options, { id: 1, of: 2, port, controllerPort }),
    startNode(kafka, options, { id: 2, of: 2, port: otherPort, controllerPort }),
  ]);
  const started = nodes.flatMap((node) => (node.status === 'fulfilled' ? [node.value] : []));
  const close = async (): Promise<void> => {
    await Promise.all(started.map(({ service }) => service.kill()));
  };
  for (const node of nodes)
    if (node.status === 'rejected') {
      await close();
      throw node.reason;
    }
  return { brokers: started.flatMap(({ brokers }) => brokers), second: started[1]!.service, close };
}
