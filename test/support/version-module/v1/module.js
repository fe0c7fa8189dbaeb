import { reducersOf } from '../reducers.js';

export const NAME = 'versions';
export const VERSION = 1;
export const REDUCERS = reducersOf(1);
