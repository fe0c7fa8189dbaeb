import { isIP, connect as netConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import type { ISocketFactory } from 'kafkajs';
import connection from 'kafkajs/src/network/connection.js';

/**
 * What kafkajs 2.2.4 fetches comes to it in a buffer for every 64 KiB, and is then copied into one for the whole answer.
 * Node counts both as memory until they are collected, and collects everything the sooner: that was a sixth of what a
 * worker cost. Sockets of ours read into one buffer that is used again, and large answers are put together right away.
 */

const READ_BYTES = 262_144;
/** Whoever gets less keeps it: kafkajs puts that together itself. */
const LARGE = 65_536;
/** No answer of Kafka has more; another server's first bytes may look like any length. */
const LARGEST = 67_108_864;
const LENGTH_BYTES = 4;
const KEEP_ALIVE_MS = 60_000;

/** For all sockets: what it holds is taken out before the next read. */
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);
const sockets = new WeakSet<object>();

/** Answers of which some is still to come, by socket. */
const gathering = new WeakMap<object, { readonly answer: Buffer; filled: number }>();

const { processData } = connection.prototype;

connection.prototype.processData = function gather(data) {
  const { socket } = this;
  if (socket === null || !sockets.has(socket)) return processData.call(this, data);
  const begun = gathering.get(socket);
  if (begun === undefined) {
    const isBetween = !this.authHandlers && this.bytesBuffered === 0 && data.length >= LENGTH_BYTES;
    const length = isBetween ? LENGTH_BYTES + data.readInt32BE(0) : 0;
    const isGathered = length > LARGE && length <= LARGEST && length > data.length;
    if (!isGathered) return processData.call(this, Buffer.from(data));
    const answer = Buffer.allocUnsafeSlow(length);
    gathering.set(socket, { answer, filled: data.copy(answer) });
    return;
  }
  const taken = data.copy(begun.answer, begun.filled);
  begun.filled += taken;
  if (begun.filled < begun.answer.length) return;
  gathering.delete(socket);
  // With nothing before it, kafkajs takes it as it is.
  this.chunks = [];
  processData.call(this, begun.answer);
  if (taken < data.length) this.processData(data.subarray(taken));
};

/** Connects as kafkajs does by itself; without TLS, what arrives is read into the buffer that is used again. */
export const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket: Socket = ssl
    ? tlsConnect({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
    : netConnect(
        {
          host,
          port,
          onread: {
            buffer: readBuffer,
            callback(length, buffer) {
              socket.emit('data', Buffer.from(buffer.buffer, buffer.byteOffset, length));
              return true;
            },
          },
        },
        onConnect,
      );
  if (!ssl) sockets.add(socket);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
};
