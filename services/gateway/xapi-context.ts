import type { ContextOf } from './stamp.ts';
import { safeActorId } from './xapi-actor.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The activity types that stand for a course; the second is that of Moodle's and other learning platforms' plugins. */
const COURSE_TYPES: ReadonlySet<unknown> = new Set([
  'http://adlnet.gov/expapi/activities/course',
  'http://id.tincanapi.com/activitytype/lms/course',
]);

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function courseIn(activities: unknown): unknown {
  const list = Array.isArray(activities) ? activities : [activities];
  return list.map(fieldsOf).find(({ definition }) => COURSE_TYPES.has(fieldsOf(definition).type))?.id;
}

function isIdentified(group: unknown): boolean {
  return ['mbox', 'mbox_sha1sum', 'openid', 'account'].some((name) => Object.hasOwn(fieldsOf(group), name));
}

/**
 * What a statement is about. Class: the id of the first course among the grouping activities, else among the parents;
 * else the safe id of a team that has an identifier. Resource: the id of the activity that is its object. Teacher: the
 * instructor's safe id.
 */
export const xapiContext: ContextOf = ({ frame }) => {
  const { object, context } = fieldsOf(frame.fields.statement);
  const { contextActivities, team, instructor } = fieldsOf(context);
  const { grouping, parent } = fieldsOf(contextActivities);
  const { objectType = 'Activity', id } = fieldsOf(object);
  return {
    class: courseIn(grouping) ?? courseIn(parent) ?? (isIdentified(team) ? safeActorId(team) : undefined),
    resource: objectType === 'Activity' ? id : undefined,
    teacher: instructor === undefined ? undefined : safeActorId(instructor),
  };
};
