import type { Cluster } from 'kafkajs';
import Decoder from 'kafkajs/src/protocol/decoder.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';

/** Metadata, version 10: the first that tells a topic's id, which kafkajs 2.2.4 does not speak. */
const METADATA = 3;
const VERSION = 10;
const ID_BYTES = 16;
const UNKNOWN_TOPIC = 3;
const NO_ID = Buffer.alloc(ID_BYTES);

/** What kafkajs sends and how it reads the answer. */
interface ProtocolRequest<T> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    readonly encode: () => Promise<Encoder>;
  };
  readonly response: {
    readonly decode: (answer: Buffer) => Promise<T>;
    readonly parse: (decoded: T) => Promise<T>;
  };
}

interface Broker {
  readonly versions: Readonly<Record<number, { readonly maxVersion: number }>> | null;
  readonly connectionPool: { send<T>(request: ProtocolRequest<T>): Promise<T> };
}

/** By name; null for a topic that does not exist. */
export type TopicIds = ReadonlyMap<string, string | null>;

// Kafka's generator calls these forms flexible: counts and lengths are one more than what they count, and structures,
// the headers too, end with a number of tagged fields.
function encode(topics: readonly string[]): Encoder {
  const encoder = new Encoder().writeUVarInt(0).writeUVarInt(topics.length + 1);
  for (const topic of topics) encoder.writeBuffer(NO_ID).writeUVarIntString(topic).writeUVarInt(0);
  const [mayCreate, clusterOperations, topicOperations] = [false, false, false];
  return encoder
    .writeBoolean(mayCreate)
    .writeBoolean(clusterOperations)
    .writeBoolean(topicOperations)
    .writeUVarInt(0);
}

const readNumbers = (decoder: Decoder): readonly number[] =>
  decoder.readUVarIntArray((each) => each.readInt32());

function skipBroker(decoder: Decoder): void {
  decoder.readInt32();
  decoder.readUVarIntString();
  decoder.readInt32();
  decoder.readUVarIntString();
  decoder.readTaggedFields();
}

function skipPartition(decoder: Decoder): void {
  decoder.readInt16();
  for (let field = 0; field < 3; field++) decoder.readInt32();
  for (let list = 0; list < 3; list++) readNumbers(decoder);
  decoder.readTaggedFields();
}

function readTopic(decoder: Decoder): readonly [string, string | null] {
  const error = decoder.readInt16();
  const name = decoder.readUVarIntString() ?? '';
  const id = decoder.readBytes(ID_BYTES).toString('hex');
  decoder.readBoolean();
  decoder.readUVarIntArray(skipPartition);
  decoder.readInt32();
  decoder.readTaggedFields();
  return [name, error === UNKNOWN_TOPIC ? null : id];
}

function decode(answer: Buffer): TopicIds {
  const decoder = new Decoder(answer);
  decoder.readTaggedFields();
  decoder.readInt32();
  decoder.readUVarIntArray(skipBroker);
  decoder.readUVarIntString();
  decoder.readInt32();
  return new Map(decoder.readUVarIntArray(readTopic));
}

/** The ids that Kafka gave the topics of these names; undefined when it gives none, before version 2.8. */
export async function fetchTopicIds(
  cluster: Cluster,
  topics: readonly string[],
): Promise<TopicIds | undefined> {
  const broker = (await cluster.findControllerBroker()) as unknown as Broker;
  if ((broker.versions?.[METADATA]?.maxVersion ?? 0) < VERSION) return undefined;
  return broker.connectionPool.send({
    request: {
      apiKey: METADATA,
      apiVersion: VERSION,
      apiName: 'Metadata',
      encode: async () => encode(topics),
    },
    response: { decode: async (answer) => decode(answer), parse: async (ids) => ids },
  });
}
