/** Something that could not be started, what was missing for it, and how to give it. */
export class CannotStart extends Error {
  constructor(what: string, missing: string, remedy: string, cause?: unknown) {
    super(`${what} cannot be started: ${missing}. ${remedy}`, cause === undefined ? undefined : { cause });
    this.name = 'CannotStart';
  }
}
