import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import requestQueue from 'kafkajs/src/network/requestQueue/index.js';
import '../../services/shared/log/kafka-patch.ts';

// What a connection of kafkajs does by itself: its own queue of requests, as the patch leaves it.

interface Queue {
  push(request: object): void;
  fulfillRequest(answer: object): void;
  maybeThrottle(ms: number): void;
  scheduleRequestTimeoutCheck(): void;
  isConnected: () => boolean;
  destroy(): void;
}

const Queue = requestQueue as unknown as new (options: object) => Queue;
const REQUEST_TIMEOUT_MS = 30_000;
const LOOK_MS = 5_000;

function openQueue() {
  const logger = { debug: () => undefined, warn: () => undefined };
  const queue = new Queue({
    maxInFlightRequests: 1,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    clientId: 'test',
    broker: 'localhost:9092',
    logger,
  });
  const sent: number[] = [];
  const ended: string[] = [];
  queue.scheduleRequestTimeoutCheck();
  return {
    queue,
    sent,
    ended,
    request(correlationId: number): void {
      queue.push({
        entry: {
          correlationId,
          apiName: 'Fetch',
          apiKey: 1,
          apiVersion: 1,
          resolve: () => ended.push(`${correlationId} answered`),
          reject: (error: Error) => ended.push(`${correlationId} ${error.name}`),
        },
        expectResponse: true,
        sendRequest: () => sent.push(correlationId),
      });
    },
    answer: (correlationId: number) =>
      queue.fulfillRequest({ correlationId, payload: Buffer.alloc(0), size: 0 }),
  };
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('a connection on which nothing waits has one timer, which wakes it every five seconds', () => {
  const { queue, ended, request, answer } = openQueue();
  request(1);
  answer(1);
  const timeouts = jest.spyOn(globalThis, 'setTimeout');
  const looks = jest.fn(() => true);
  queue.isConnected = looks;
  expect(jest.getTimerCount()).toBe(1);
  jest.advanceTimersByTime(60_000);
  expect(timeouts).not.toHaveBeenCalled();
  expect(looks).toHaveBeenCalledTimes(12);
  expect(ended).toEqual(['1 answered']);
  queue.destroy();
  expect(jest.getTimerCount()).toBe(0);
});

test('a request that has to wait is sent when the one before it is answered', () => {
  const { queue, sent, request, answer } = openQueue();
  request(1);
  request(2);
  jest.advanceTimersByTime(500);
  expect(sent).toEqual([1]);
  answer(1);
  expect(sent).toEqual([1, 2]);
  answer(2);
  // What was armed while it waited is not armed again.
  jest.advanceTimersByTime(500);
  expect(jest.getTimerCount()).toBe(1);
  queue.destroy();
});

test('what a broker throttles is sent when that is over', () => {
  const { queue, sent, request } = openQueue();
  queue.maybeThrottle(3_000);
  request(1);
  jest.advanceTimersByTime(2_900);
  expect(sent).toEqual([]);
  jest.advanceTimersByTime(200);
  expect(sent).toEqual([1]);
  queue.destroy();
});

test('a request that is not answered times out, five seconds late at most, and the next one is sent', () => {
  const { queue, sent, ended, request } = openQueue();
  request(1);
  request(2);
  jest.advanceTimersByTime(REQUEST_TIMEOUT_MS);
  expect(ended).toEqual([]);
  jest.advanceTimersByTime(LOOK_MS);
  expect(ended).toEqual(['1 KafkaJSRequestTimeoutError']);
  expect(sent).toEqual([1, 2]);
  queue.destroy();
});

test('a connection that is gone looks no more', () => {
  const { queue } = openQueue();
  queue.isConnected = () => false;
  jest.advanceTimersByTime(LOOK_MS);
  expect(jest.getTimerCount()).toBe(0);
});
