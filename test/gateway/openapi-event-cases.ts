import {
  BROKEN,
  blocked,
  type Case,
  KEYS_UNREAD,
  keyForNothing,
  OTHER_PAGE,
  STOPPED,
  UNKNOWN_KEY,
} from './openapi-cases.ts';
import { ask, type RawRequest } from './raw-request.ts';
import { connect } from './support.ts';

const SOURCE = 'xapi';
const events = (...frames: readonly object[]): { body: string } => ({ body: JSON.stringify(frames) });

export const GOOD_EVENTS: RawRequest = {
  method: 'POST',
  path: '/v1/events',
  headers: { 'content-type': 'application/json' },
  ...events({ event: 'x', source: SOURCE, user_id: 'bob' }),
};

const one = (status: number, name: string, how: Omit<Case, 'operation' | 'status' | 'name'> = {}): Case => ({
  operation: 'post /v1/events',
  status,
  name,
  ...how,
});

export const EVENT_CASES: readonly Case[] = [
  one(200, 'an event'),
  one(200, 'a guest', { request: events({ event: 'x' }) }),
  one(200, 'an element that is none', { request: events({ event: 'x', user_id: 'bob' }, { a: 1 }) }),
  one(200, 'a key for another source', keyForNothing()),
  one(400, 'no array', { request: { body: '{}' } }),
  one(400, 'a fault after an event', { request: { body: '[{"event":"x"},}' } }),
  one(401, 'an unknown key', UNKNOWN_KEY),
  one(403, 'another page', OTHER_PAGE),
  one(403, 'a blocked sender', { options: () => blocked(SOURCE) }),
  one(403, 'a blocked guest', {
    options: () => blocked(SOURCE),
    request: events({ event: 'x', source: SOURCE }),
  }),
  one(408, 'a body that does not end', {
    options: () => ({ limits: { stallMs: 20 } }),
    request: { unfinished: true },
  }),
  one(413, 'a body that is too large', { options: () => ({ limits: { bodyBytes: 10 } }) }),
  one(413, 'too many elements', {
    options: () => ({ limits: { bodyEvents: 1 } }),
    request: events({ event: 'x' }, { event: 'y' }),
  }),
  one(415, 'another type', { request: { headers: { 'content-type': 'text/plain' } } }),
  one(415, 'another encoding', { request: { headers: { 'content-encoding': 'br' } } }),
  one(429, 'a sender that sent too much', {
    options: () => ({ rates: { perAddress: { events: 1, seconds: 60 } } }),
    prepare: async ({ url }) => {
      for (let n = 0; n < 2; n++) await ask(url, GOOD_EVENTS);
    },
  }),
  one(500, 'a fault of ours', BROKEN),
  one(503, 'a gateway that stops', STOPPED),
  one(503, 'keys that were not read', KEYS_UNREAD),
];

const HANDSHAKE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
};

export const GOOD_SOCKET: RawRequest = { method: 'GET', path: '/wsapi/in/', headers: HANDSHAKE };

const socket = (
  status: number,
  name: string,
  how: Omit<Case, 'operation' | 'status' | 'name'> = {},
): Case => ({
  ...one(status, name, how),
  operation: 'get /wsapi/in/',
});

export const SOCKET_CASES: readonly Case[] = [
  socket(101, 'a socket'),
  socket(101, 'a subprotocol', { request: { headers: { 'sec-websocket-protocol': 'lectern.ack.v1' } } }),
  socket(400, 'another version', { request: { headers: { 'sec-websocket-version': '7' } } }),
  socket(400, 'no key of the handshake', { request: { headers: { 'sec-websocket-key': '' } } }),
  socket(401, 'an unknown key', UNKNOWN_KEY),
  socket(403, 'another page', OTHER_PAGE),
  socket(426, 'no upgrade', { request: { headers: { connection: 'close', upgrade: '' } } }),
  socket(429, 'too many of an address', {
    options: () => ({ limits: { connectionsPerAddress: 1 } }),
    prepare: ({ url }) => connect(url),
  }),
  socket(503, 'too many', {
    options: () => ({ limits: { connections: 1 } }),
    prepare: ({ url }) => connect(url),
  }),
  socket(503, 'a gateway that stops', STOPPED),
  socket(503, 'keys that were not read', KEYS_UNREAD),
];
