import type { LearningEvent } from 'lectern/reducers';

/** A command of the editor, as its client sent it: nothing in it is sure but that it is an object. */
export type Command = Readonly<Record<string, unknown>>;

export function isCommand(value: unknown): value is Command {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is an array is given as it is, anything else as an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The commands of what was saved, in order. */
export function savedCommands({ client }: LearningEvent): readonly Command[] {
  return listOf(client.bundles)
    .flatMap((bundle) => (isCommand(bundle) ? listOf(bundle.commands) : []))
    .filter(isCommand);
}

/** The commands that made the document what it is, from its beginning. */
export function historyCommands({ client }: LearningEvent): readonly Command[] {
  const { changelog } = isCommand(client.history) ? client.history : { changelog: null };
  return listOf(changelog)
    .map((entry) => listOf(entry)[0])
    .filter(isCommand);
}
