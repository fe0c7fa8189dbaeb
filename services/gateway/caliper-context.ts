import { safeUserId } from './identity.ts';
import type { ContextOf } from './stamp.ts';
import { agentId } from './xapi-actor.ts';

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

/** The IRI of an entity, which is given as an object with an id or as its IRI alone. */
export function iriOf(entity: unknown): string | null {
  const iri = typeof entity === 'string' ? entity : fieldsOf(entity).id;
  return typeof iri === 'string' && iri !== '' ? iri : null;
}

/** As a word of the standard, or as the IRI of the same role in LIS. */
function isInstructor(role: unknown): boolean {
  return typeof role === 'string' && /(?:^|[#/])Instructor$/.test(role);
}

/**
 * What a Caliper event is about. Class: the group's IRI, else that of the organization of the actor's membership.
 * Resource: the object's IRI. Teacher: the actor's safe id, if its membership says that it is an instructor.
 */
export const caliperContext: ContextOf = ({ frame }) => {
  const { actor, object, group, membership } = fieldsOf(frame.fields.data);
  const { organization, roles } = fieldsOf(membership);
  const teaches = Array.isArray(roles) && roles.some(isInstructor);
  const id = teaches ? agentId(iriOf(actor) ?? '') : null;
  return {
    class: iriOf(group) ?? iriOf(organization),
    resource: iriOf(object),
    teacher: id === null ? undefined : safeUserId('caliper', id),
  };
};
