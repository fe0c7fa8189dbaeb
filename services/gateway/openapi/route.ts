import { Router } from 'express';
import { otherMethods } from '../../shared/other-methods.ts';
import { createDocument, type DocumentDeps } from './document.ts';

/** `GET /openapi.json`, for anybody, whatever else is refused. */
export function createDocumentRoute(deps: DocumentDeps): Router {
  // It never changes while the process runs.
  const text = JSON.stringify(createDocument(deps));
  const router = Router();
  router
    .route('/openapi.json')
    .get((_request, response) => void response.type('json').send(text))
    .all(otherMethods('GET, HEAD'));
  return router;
}
