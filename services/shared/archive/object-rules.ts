/** What every store demands of an object before it writes it. A caller that breaks a rule has a bug: TypeError. */

export const MAX_OBJECT_BYTES = 64 * 1024 * 1024;
export const PAGE_SIZE = 1_000;
const MAX_NAME_LENGTH = 1_024;
const MAX_METADATA_BYTES = 2_048;

/** Names are as the port says: relative, `/`-separated, printable ASCII, no segment empty, `.` or `..`. */
export function checkName(name: string): void {
  const wrong =
    name.length > MAX_NAME_LENGTH ||
    !/^[\x20-\x7e]+$/.test(name) ||
    name.split('/').some((segment) => segment === '' || segment === '.' || segment === '..');
  if (wrong) throw new TypeError(`not the name of an archive object: ${JSON.stringify(name)}`);
}

/** A prefix is the beginning of a name: its last segment may be unfinished or empty. */
export function checkPrefix(prefix: string): void {
  if (prefix !== '') checkName(`${prefix}x`);
}

export function checkFolder(prefix: string): void {
  checkPrefix(prefix);
  if (prefix !== '' && !prefix.endsWith('/')) throw new TypeError(`not a folder, which ends in /: ${prefix}`);
}

export function checkObject(name: string, bytes: Buffer, metadata: Readonly<Record<string, string>>): void {
  checkName(name);
  if (bytes.length > MAX_OBJECT_BYTES)
    throw new TypeError(`${name} has ${bytes.length} bytes; an object has at most ${MAX_OBJECT_BYTES}`);
  let size = 0;
  for (const [key, value] of Object.entries(metadata)) {
    size += key.length + value.length;
    // Stores keep metadata in HTTP headers, where outer blanks and anything but ASCII would not survive.
    if (!/^[a-z0-9-]+$/.test(key) || !/^[\x20-\x7e]*$/.test(value) || value !== value.trim())
      throw new TypeError(`${name}: metadata ${JSON.stringify(key)} cannot be stored as it is`);
  }
  if (size > MAX_METADATA_BYTES)
    throw new TypeError(`${name} has ${size} bytes of metadata; an object has at most ${MAX_METADATA_BYTES}`);
}
