declare module 'kafkajs/src/broker/index.js' {
  /** What a broker is asked for. */
  export interface FetchRequest {
    readonly maxBytes: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly maxBytes: number }[];
    }[];
  }
  interface Broker {
    fetch(request: FetchRequest): Promise<unknown>;
  }
  const broker: { readonly prototype: Broker };
  export default broker;
}
