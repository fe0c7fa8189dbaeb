/**
 * Sets a member under a name that a client chose: an assignment to `__proto__` would set something else. Reading is safe
 * with `Object.hasOwn`.
 */
export function setNamed<T>(object: Record<string, T>, name: string, value: T): void {
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
}

export function getNamed<T>(object: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
