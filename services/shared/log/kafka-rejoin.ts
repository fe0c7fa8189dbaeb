import kafkajs from 'kafkajs';
import consumerGroup from 'kafkajs/src/consumer/consumerGroup.js';

/** What kafkajs takes for the group's own word that a member has to join again. */
const JOIN_AGAIN = { type: 'REBALANCE_IN_PROGRESS', code: 27, message: 'the last join failed' };

const { joinAndSync, fetch } = consumerGroup.prototype;
/** Those whose last join failed. */
const outside = new WeakSet<object>();

/**
 * A group's coordinator that has just changed still reads what it has to know, and refuses to be joined. kafkajs 2.2.4 then
 * goes on fetching, and as the group counts it in as before, it never joins again; but it has said that the assignment is
 * over, and nothing that it fetches is taken any more. So whoever failed to join fetches nothing, but joins again.
 */
consumerGroup.prototype.joinAndSync = async function joinOrStayOutside() {
  try {
    await joinAndSync.call(this);
    outside.delete(this);
  } catch (error) {
    outside.add(this);
    throw error;
  }
};

consumerGroup.prototype.fetch = async function fetchAsMember(nodeId) {
  if (outside.has(this))
    throw new kafkajs.KafkaJSProtocolError(Object.assign(new Error(JOIN_AGAIN.message), JOIN_AGAIN));
  return fetch.call(this, nodeId);
};
