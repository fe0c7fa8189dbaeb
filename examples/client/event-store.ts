/** An event as it is stored and sent: the JSON text of its frame, with its number in it. */
export interface StoredEvent {
  readonly sequence: number;
  readonly text: string;
}

/**
 * What a client keeps until the server acknowledged it. Calls take effect in the order in which they were made, each
 * wholly or not at all, and a promise resolves when the step is stored as safely as the store says it stores. One client
 * at a time has it open.
 */
export interface OpenStore {
  /** Made with the store, and the same as long as it lives: with a number it names an event. */
  readonly session: string;
  /** Numbers up to here may have been given before; -1 for none. */
  readonly reserved: number;
  /** What was kept when it was opened, by number. */
  readonly events: readonly StoredEvent[];
  /** How many entries could not be read and were left out. */
  readonly damaged: number;
  /** Safe against power failure whatever the store promises of events: a number given twice would lose an event. */
  reserve(through: number): Promise<void>;
  add(event: StoredEvent): Promise<void>;
  remove(sequence: number): Promise<void>;
  removeThrough(sequence: number): Promise<void>;
  close(): Promise<void>;
}

export interface EventStore {
  /**
   * Opens what was stored for one sender: what two of them stored is never mixed. Rejects with IN_USE while another
   * client has it open, and with STORE when it cannot be read or written.
   */
  open(owner: string): Promise<OpenStore>;
  /** What clients of the same sender left behind that are gone, one after another; null when there is nothing more. */
  openLeft?(owner: string): Promise<OpenStore | null>;
}
