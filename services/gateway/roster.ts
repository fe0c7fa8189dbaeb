import type { LearningClass } from '../shared/classes.ts';
import type { Auth } from '../shared/reducer-api.ts';

type Learner = Pick<Auth, 'safe_user_id' | 'user_id'>;

/** What the classes of the school say of a learner, as far as only one answer is right. */
export interface Roster {
  /** The id of the one class that the learner is in; null when it is in none or in several. */
  classOf(learner: Learner): string | null;
  /**
   * The teacher of the learner's classes, when all have the same; of the class `known` alone when the learner is in that.
   */
  teacherOf(learner: Learner, known: string | null): string | null;
}

/** Of a school whose classes nobody told. */
export const NO_ROSTER: Roster = { classOf: () => null, teacherOf: () => null };

/** A student of a class is a learner by its key, or, when no class has that, by its user id. */
export function createRoster(classes: readonly LearningClass[]): Roster {
  const byStudent = new Map<string, LearningClass[]>();
  for (const one of classes)
    for (const { id } of one.students) {
      const known = byStudent.get(id);
      if (known === undefined) byStudent.set(id, [one]);
      else known.push(one);
    }
  const classesOf = (learner: Learner): readonly LearningClass[] =>
    byStudent.get(learner.safe_user_id) ?? byStudent.get(learner.user_id) ?? [];

  return {
    classOf(learner) {
      const [first, ...others] = classesOf(learner);
      return first === undefined || others.length > 0 ? null : first.id;
    },
    teacherOf(learner, known) {
      const all = classesOf(learner);
      const meant = all.filter(({ id }) => id === known);
      const [teacher, ...others] = new Set((meant.length > 0 ? meant : all).map((one) => one.teacher));
      return teacher === undefined || others.length > 0 ? null : teacher;
    },
  };
}
