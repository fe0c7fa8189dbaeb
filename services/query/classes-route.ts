import { Router } from 'express';
import type { LearningClass } from '../shared/classes.ts';

/** `GET /v1/classes`: the classes that the page lets choose from. */
export function createClassesRoute(given: readonly LearningClass[]): Router {
  const classes = given.map((one) => ({
    id: one.id,
    name: one.name,
    students: one.students.map(({ id, name }) => ({ id, name })),
  }));
  const router = Router();
  router.get('/v1/classes', (_request, response) => void response.json({ classes }));
  return router;
}
