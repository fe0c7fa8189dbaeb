function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function copyMember(into: Record<string, unknown>, name: string, member: object): void {
  const value = copyContainer(member);
  if (name !== '__proto__') into[name] = value;
  else Object.defineProperty(into, name, { value, writable: true, enumerable: true, configurable: true });
}

function copyContainer(from: object): object {
  if (Array.isArray(from)) return from.map((member: unknown) => copyJson(member));
  // The spread copies an object of a known shape at once, several times faster than name by name.
  const copy = { ...from } as Record<string, unknown>;
  for (const name of Object.keys(copy)) {
    const member = copy[name];
    if (isContainer(member)) copyMember(copy, name, member);
  }
  return copy;
}

/** What parsing its text once more would give, of a value that JSON.parse made; many times faster. */
export function copyJson<T>(value: T): T {
  return isContainer(value) ? (copyContainer(value) as T) : value;
}
