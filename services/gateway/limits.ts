/** Every bound of the gateway. At each of them there is backpressure or a clear refusal, never growth. */
export interface GatewayLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** One frame of the socket, or one element of a body. */
  readonly frameBytes: number;
  /** What all sockets together hold of frames that are not there as a whole. */
  readonly unfinishedBytes: number;
  readonly nestingLevels: number;
  /** One string or name in a frame; the names of one object in it. */
  readonly stringChars: number;
  readonly objectKeys: number;
  /** All locked fields of a connection together, as JSON text: they are written into every event. */
  readonly lockedBytes: number;
  /** Frames that wait for an identity: of one connection, their text, and the text of all connections together. */
  readonly backlogFrames: number;
  readonly connectionBacklogBytes: number;
  readonly backlogBytes: number;
  /** One encoded event: a frame with its locked fields and envelope. Our topics take up to 5 MiB. */
  readonly recordBytes: number;
  /** A body as it is sent; and unpacked, where more than `unpackedRatio` times as much is refused as well. */
  readonly bodyBytes: number;
  readonly unpackedBytes: number;
  readonly unpackedRatio: number;
  readonly bodyEvents: number;
  /** What bodies may have in memory at once, of all requests of all endpoints, and of those of one address. */
  readonly bodiesBytes: number;
  readonly bodiesBytesPerAddress: number;
  /** How long a sender may keep us waiting for a body or a frame, besides what its bytes take at `bodyBytesPerS`. */
  readonly stallMs: number;
  readonly bodyBytesPerS: number;
  /** Events of one request that are not durable yet: here its body is read no further until they are. */
  readonly requestWindowBytes: number;
  /** The encoded events of one request, locked fields included. */
  readonly requestBytes: number;
  /** Under way at once, of each endpoint: in all, and of one address. */
  readonly requestsInFlight: number;
  readonly requestsPerAddress: number;
  /** How long a client may take for its answer, or to finish a body that was answered already, before it is cut off. */
  readonly answerMs: number;
  /** How long a request waits for its acknowledgement before it is told to come again. */
  readonly ackTimeoutMs: number;
  /**
   * Events that are queued or being sent. Here sockets stop being read and requests are refused; at twice as much,
   * which only bytes that sockets had already read can reach, events are refused.
   */
  readonly queueBytes: number;
  readonly queueEvents: number;
  readonly batchBytes: number;
  readonly lingerMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** Not ready once the oldest queued event has waited this long. */
  readonly overdueMs: number;
  /** A connection is told of what was kept at most once in this time. */
  readonly ackEveryMs: number;
  /** What a client that does not read may leave unread before it is cut off. */
  readonly unreadBytes: number;
  /** A connection from which nothing came since the ping before is dead. */
  readonly pingMs: number;
  readonly idleMs: number;
  /** What a saved blob may have as a state, which is its text as a JSON string; no more than LECTERN_MAX_STATE_BYTES. */
  readonly blobBytes: number;
  /** Fetches of one connection that wait for the one before. */
  readonly blobsWaiting: number;
  /**
   * Blobs, of all connections, that are read or being sent; and, besides them, those that a client did not take within
   * `blobTurnMs`. Of more than that the client that was given its blob first is cut off.
   */
  readonly blobsInHand: number;
  readonly blobTurnMs: number;
  /** How long a fetch waits for the blobs to be as new as the log, and how often it asks. */
  readonly blobFetchMs: number;
  readonly blobPollMs: number;
  /** How long a client may take for the blob that it fetched before it is cut off. */
  readonly blobSendMs: number;
  /** On stop: for clients to close, then for the log to take what is queued. */
  readonly closeMs: number;
  readonly drainMs: number;
}

export const DEFAULT_LIMITS: GatewayLimits = {
  connections: 10_000,
  connectionsPerAddress: 2_000,
  frameBytes: 1_048_576,
  unfinishedBytes: 134_217_728,
  nestingLevels: 100,
  stringChars: 524_288,
  objectKeys: 10_000,
  lockedBytes: 16_384,
  backlogFrames: 1_000,
  connectionBacklogBytes: 4_194_304,
  backlogBytes: 16_777_216,
  recordBytes: 2_097_152,
  bodyBytes: 4_194_304,
  unpackedBytes: 33_554_432,
  unpackedRatio: 250,
  bodyEvents: 10_000,
  bodiesBytes: 134_217_728,
  bodiesBytesPerAddress: 67_108_864,
  stallMs: 10_000,
  bodyBytesPerS: 1_024,
  requestWindowBytes: 1_048_576,
  requestBytes: 67_108_864,
  requestsInFlight: 128,
  requestsPerAddress: 64,
  answerMs: 10_000,
  ackTimeoutMs: 10_000,
  queueBytes: 33_554_432,
  queueEvents: 50_000,
  batchBytes: 900_000,
  lingerMs: 2,
  retryMinMs: 100,
  retryMaxMs: 5_000,
  overdueMs: 5_000,
  ackEveryMs: 5,
  unreadBytes: 262_144,
  pingMs: 30_000,
  idleMs: 3_600_000,
  blobBytes: 1_048_576,
  blobsWaiting: 8,
  blobsInHand: 64,
  blobTurnMs: 1_000,
  blobFetchMs: 10_000,
  blobPollMs: 25,
  blobSendMs: 30_000,
  closeMs: 2_000,
  drainMs: 10_000,
};
