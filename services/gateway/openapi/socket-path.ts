import type { HeadersObject, PathItemObject, ResponseObject } from 'openapi3-ts/oas31';
import { ACK_PROTOCOL } from '../acks.ts';
import { GATE_CHALLENGE } from '../http-gate.ts';
import type { GatewayLimits } from '../limits.ts';
import { challenge, header, OTHER_ORIGIN, otherMethods, RETRY_AFTER, refusal } from './responses.ts';
import { FOR_SOCKETS } from './security.ts';

const text = { type: 'string' } as const;

/** Of an upgrade that gets no socket. */
function plain(description: string, headers: HeadersObject = {}): ResponseObject {
  return { description, headers, content: { 'text/plain': { schema: text } } };
}

const DESCRIPTION = `A WebSocket (RFC 6455), one JSON object a text frame: \`Frame\` in, \`SocketAnswer\` out.

Closes: 1000 after a terminate; 1001 stopping or idle; 1002 and 1007 not the protocol or not UTF-8; 1008 not allowed;
1009 frame too large; 1013 events cannot be kept now.`;

/** `GET /wsapi/in/`. */
export function socketPath(limits: GatewayLimits): PathItemObject {
  return {
    get: {
      operationId: 'openSocket',
      tags: ['events'],
      summary: "Opens a socket for events, of Learning Observer's clients and lectern/client",
      description: `${DESCRIPTION}\n\nA frame has at most ${limits.frameBytes} bytes. Pinged each ${limits.pingMs / 1_000} s; closed after ${limits.idleMs / 1_000} s without a frame; cut off with ${limits.unreadBytes} bytes of unread answers.`,
      security: FOR_SOCKETS,
      parameters: [
        {
          name: 'Sec-WebSocket-Protocol',
          in: 'header',
          description: `\`${ACK_PROTOCOL}\` asks for acknowledgements; \`lectern.bearer.<key>\` brings a key or token.`,
          schema: text,
        },
      ],
      responses: {
        101: {
          description: 'The socket is open.',
          'x-frames': {
            in: { $ref: '#/components/schemas/Frame' },
            out: { $ref: '#/components/schemas/SocketAnswer' },
          },
          headers: {
            Upgrade: header('Which protocol it is now.', { const: 'websocket' }),
            Connection: header('That it is another.', { const: 'Upgrade' }),
            'Sec-WebSocket-Accept': header('Proof that it was understood.', text),
            'Sec-WebSocket-Protocol': header(
              `\`${ACK_PROTOCOL}\` if it was offered, else the first that was and is no key.`,
              text,
              false,
            ),
            'Set-Cookie': header('The name of a new guest.', text, false),
          },
        },
        400: plain('Not the handshake of RFC 6455.', {
          'Sec-WebSocket-Version': header('The version that is spoken.', { type: 'string', const: '13' }),
        }),
        401: plain('A key or token is missing, unknown, revoked or over.', challenge(GATE_CHALLENGE)),
        403: plain(`Refused: ${OTHER_ORIGIN}.`),
        426: refusal('No socket was asked for, or a proxy in front took that away.', {
          Upgrade: header('What to ask for.', { const: 'websocket' }),
        }),
        429: plain('The address has as many sockets as it may.', RETRY_AFTER),
        503: plain(
          `${limits.connections} sockets are open, the gateway stops, or keys and tokens cannot be checked now.`,
          RETRY_AFTER,
        ),
      },
    },
    ...otherMethods('GET'),
  };
}
