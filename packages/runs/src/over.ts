/**
 * The reason of our own signals, which nobody asks for it. Without one each `abort()` makes a
 * DOMException with a stack: of the CPU time of a small run a fifth went there.
 */
export const OVER = 'over';
