declare module 'kafkajs/src/network/requestQueue/index.js' {
  interface RequestQueue {
    readonly pending: readonly unknown[];
    readonly throttledUntil: number;
    scheduleCheckPendingRequests(): void;
    readonly enforceRequestTimeout: boolean;
    readonly inflight: ReadonlyMap<
      number,
      { readonly sentAt: number; readonly requestTimeout: number; timeoutRequest(): void }
    >;
    requestTimeoutIntervalId: NodeJS.Timeout | null;
    scheduleRequestTimeoutCheck(): void;
    isConnected(): boolean;
    destroy(): void;
  }
  const requestQueue: { readonly prototype: RequestQueue };
  export default requestQueue;
}

declare module 'kafkajs/src/consumer/batch.js' {
  import type { KafkaMessage } from 'kafkajs';

  /** What a fetch brought of a partition, of its part of the answer. */
  export default class Batch {
    constructor(topic: string, fetchedOffset: string, partitionData: unknown);
    readonly topic: string;
    readonly partition: number;
    readonly fetchedOffset: string;
    readonly highWatermark: string;
    /** All that was brought; `messages` is what to hand out of it. */
    readonly rawMessages: readonly unknown[];
    readonly messages: readonly KafkaMessage[];
    isEmpty(): boolean;
    lastOffset(): string;
  }
}

declare module 'kafkajs/src/consumer/runner.js' {
  import type { EachBatchHandler } from 'kafkajs';
  import type Batch from 'kafkajs/src/consumer/batch.js';

  interface Runner {
    readonly eachBatch: EachBatchHandler;
    /** It has more; each fetch asks for these. */
    readonly consumerGroup: { maxWaitTime: number; maxBytesPerPartition: number };
    fetch(nodeId: number): Promise<Batch[]>;
    heartbeat(): Promise<void>;
  }
  const runner: { readonly prototype: Runner };
  export default runner;
}

declare module 'kafkajs/src/consumer/consumerGroup.js' {
  import type Batch from 'kafkajs/src/consumer/batch.js';

  interface ConsumerGroup {
    recoverFromFetch(error: Error): Promise<void>;
    joinAndSync(): Promise<void>;
    fetch(nodeId: number): Promise<Batch[]>;
  }
  const consumerGroup: { readonly prototype: ConsumerGroup };
  export default consumerGroup;
}

declare module 'kafkajs/src/protocol/encoder.js' {
  export default class Encoder {
    writeBoolean(value: boolean): this;
    writeBuffer(value: Buffer): this;
    writeUVarInt(value: number): this;
    writeUVarIntString(value: string): this;
  }
}

declare module 'kafkajs/src/protocol/decoder.js' {
  export default class Decoder {
    constructor(buffer: Buffer);
    readInt16(): number;
    readInt32(): number;
    readBoolean(): boolean;
    readUVarInt(): number;
    readUVarIntString(): string | null;
    readUVarIntArray<T>(read: (decoder: Decoder) => T): T[];
    readBytes(length: number): Buffer;
    readTaggedFields(): unknown;
  }
}

declare module 'kafkajs/src/protocol/message/compression/index.js' {
  interface Codec {
    compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
    decompress(bytes: Buffer): Promise<Buffer>;
  }
  const compression: {
    lookupCodec(type: number): Codec | null;
    lookupCodecByAttributes(attributes: number): Codec | null;
  };
  export default compression;
}

declare module 'kafkajs/src/protocol/recordBatch/crc32C/index.js' {
  export default function crc32C(bytes: Buffer): number;
}

declare module 'kafkajs/src/network/connection.js' {
  import type { Socket } from 'node:net';

  /** What a connection has of answers that are not complete. */
  interface Receiving {
    socket: Socket | null;
    /** Of an answer that follows the first, while the client signs in. */
    authHandlers: unknown;
    chunks: Buffer[];
    bytesBuffered: number;
    processData(data: Buffer): void;
  }
  const Connection: { readonly prototype: Receiving };
  export = Connection;
}
