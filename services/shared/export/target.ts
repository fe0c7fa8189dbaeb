/** Where an export goes: files that are replaced as a whole, so that a reader never sees half of one. */
export interface ExportTarget {
  /** As a person would write it, for messages. */
  readonly name: string;
  /** A folder of this machine for what is not whole yet; it goes with `close`. */
  readonly workDir: string;
  /** Null when there is no such file. */
  read(name: string): Promise<Buffer | null>;
  write(name: string, bytes: Buffer): Promise<void>;
  /** Puts a file of `workDir`, which is gone from there afterwards. Returns its size. */
  putFile(name: string, path: string): Promise<number>;
  /** In bytes; null when there is no such file. */
  size(name: string): Promise<number | null>;
  delete(name: string): Promise<void>;
  close(): Promise<void>;
}

/** What is kept about an export lies under this name, which Spark, Hive and pyarrow pass over. */
export const BOOKS = '_lectern';
