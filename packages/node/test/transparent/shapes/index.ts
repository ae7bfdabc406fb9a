import type { Shape } from '../harness/shape.js';
import { bodyShapes } from './body.js';
import { connectionShapes } from './connection.js';
import { failureShapes } from './failure.js';
import { headShapes } from './head.js';
import { middlewareShapes } from './middleware.js';
import { statusShapes } from './status.js';
import { streamShapes } from './stream.js';

/** The ways in which handlers answer, and fail to. */
export const SHAPES: readonly Shape[] = [
  ...bodyShapes,
  ...headShapes,
  ...statusShapes,
  ...streamShapes,
  ...connectionShapes,
  ...failureShapes,
  ...middlewareShapes,
];
