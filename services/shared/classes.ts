import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { LecternError, messageOf } from './errors.ts';

const text = z
  .string('must be a text')
  .min(1, 'must not be empty')
  .max(500, 'must have at most 500 characters');

function withoutTwins<T extends { readonly id: string }>(
  entries: readonly T[],
  context: z.RefinementCtx,
): void {
  const seen = new Set<string>();
  for (const [index, { id }] of entries.entries()) {
    if (seen.has(id)) context.addIssue({ code: 'custom', path: [index, 'id'], message: 'is there twice' });
    seen.add(id);
  }
}

// A name that is unknown in it is not told, as it may be a learner's.
const student = z.strictObject({ id: text, name: text }, 'must be an object with id and name only');
const learningClass = z.strictObject({
  id: text,
  name: text,
  teacher: text.optional(),
  students: z
    .array(student, 'must be a list of students')
    .max(500, 'must have at most 500 students')
    .superRefine(withoutTwins)
    .readonly(),
});
const classList = z
  .array(learningClass, 'must be a list of classes')
  .max(10_000, 'must have at most 10,000 classes')
  .superRefine(withoutTwins);

const MAX_BYTES = 16 * 1_048_576;

/**
 * A class as the page shows it. A student's id is the `safe_user_id` of its events; the teacher is the key under which
 * states of a teacher are kept.
 */
export type LearningClass = z.output<typeof learningClass>;

/**
 * Reads the classes of a JSON file, `[{id, name, teacher?, students: [{id, name}]}]`. Throws CONFIG_INVALID with every
 * problem at once, each with its place and without what stands there.
 */
export function loadClasses(path: string): readonly LearningClass[] {
  let content: unknown;
  try {
    if (statSync(path).size > MAX_BYTES) throw new Error(`it may have at most ${MAX_BYTES} bytes`);
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // A JSON error quotes the file, which names learners.
    const why = error instanceof SyntaxError ? 'it is not JSON' : messageOf(error);
    throw new LecternError('CONFIG_INVALID', `LECTERN_CLASSES_FILE: ${path} cannot be read: ${why}`);
  }
  const parsed = classList.safeParse(content);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    (issue) => `${z.core.toDotPath(issue.path) || 'the file'}: ${issue.message}`,
  );
  throw new LecternError(
    'CONFIG_INVALID',
    `LECTERN_CLASSES_FILE: ${path} has problems:\n  ${problems.join('\n  ')}`,
  );
}
