import { Router } from 'express';
import { otherMethods } from '../shared/other-methods.ts';

/** Where sockets are opened. */
export const SOCKET_PATH = '/wsapi/in/';

/** The answer to whoever asks for the socket's path without wanting a socket, or through a proxy that took that away. */
export function createSocketPath(): Router {
  const router = Router();
  router
    .route(SOCKET_PATH)
    .get(
      (_request, response) =>
        void response.status(426).set({ upgrade: 'websocket', connection: 'Upgrade' }).json({
          error: 'here is a WebSocket: send Upgrade: websocket, and let proxies in front pass it on',
        }),
    )
    .all(otherMethods('GET'));
  return router;
}
