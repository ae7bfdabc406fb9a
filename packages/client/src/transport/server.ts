// The transports that say what went wrong, and let redirects be followed by hand.
export { fetchAtHome } from './redirect.js';
export { neverLeft, SIGNS, WORDS, wordsOf } from './signs.js';
