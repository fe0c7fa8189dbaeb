import { reducersOf } from '../reducers.js';

export const NAME = 'versions';
export const VERSION = 2;
export const REDUCERS = reducersOf(2);
