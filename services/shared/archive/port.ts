/**
 * The archive store: named objects that are written once, and changed only to erase what is in them.
 *
 * Names are `/`-separated paths of printable ASCII, without `.` or `..` segments; no name is a folder of another.
 */

export interface ArchiveObject {
  readonly bytes: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ArchiveEntry {
  readonly name: string;
  readonly sizeBytes: number;
}

export interface ListOptions {
  readonly prefix: string;
  /** Only names that come after this one. */
  readonly after?: string;
}

export interface ArchiveStore {
  /**
   * Writes an object of at most 64 MiB unless the name is taken. Of any number of writers racing for one name exactly
   * one is told `created`, and its bytes and metadata are what everybody reads. Metadata: lower-case names, ASCII
   * values, at most 2 KiB.
   */
  putIfAbsent(
    name: string,
    bytes: Buffer,
    metadata: Readonly<Record<string, string>>,
  ): Promise<'created' | 'exists'>;
  get(name: string): Promise<ArchiveObject | null>;
  /**
   * Puts what `make` makes of an object in its place, bytes and metadata at once, unless it is another by then. Of any
   * number who replace one object at the same time one at most is told `replaced`. `make` answers null to leave it.
   * `changed`: nothing was put, or what was put was not heard of: look again.
   */
  replace(
    name: string,
    make: (object: ArchiveObject) => Promise<ArchiveObject | null>,
  ): Promise<'replaced' | 'changed' | 'kept' | 'absent'>;
  /** The metadata alone, or null when there is no such object. */
  metadata(name: string): Promise<Readonly<Record<string, string>> | null>;
  /** Pages of at most 1,000 entries, in order of their names' bytes. */
  list(options: ListOptions): AsyncIterable<readonly ArchiveEntry[]>;
  /** The names of the folders directly under a prefix that ends in `/`, each ending in `/`, in order. */
  listFolders(prefix: string): Promise<readonly string[]>;
  /** Removes an object; nothing happens when there is none. */
  delete(name: string): Promise<void>;
  /** Resolves when the store answers; rejects with ARCHIVE_UNAVAILABLE. */
  check(): Promise<void>;
  close(): Promise<void>;
}
