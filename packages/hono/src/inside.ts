import { createInside } from './split-context.js';

/** What runs within a held call, told from what runs around it; one for all mounts. */
export const inside = createInside();
