import requestQueue from 'kafkajs/src/network/requestQueue/index.js';

const { prototype } = requestQueue;
const schedule = prototype.scheduleCheckPendingRequests;

/**
 * Trap 22 of kafkajs 2.2.4: every broker connection re-arms a timer of about 1 ms for ever, 4-5 % of a core with nothing
 * to do (tulios/kafkajs#1556). The timer is needed only while requests wait or the broker throttles us.
 */
prototype.scheduleCheckPendingRequests = function scheduleWhenPending() {
  if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
};
