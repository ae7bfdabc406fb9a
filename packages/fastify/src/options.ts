import { type HoldOpenOptions, type Mount, mountOptions, type RunsOption } from '@holdopen/node';
import type { FastifyRequest } from 'fastify';
import { fastifyRequestOf } from './raw-request.js';

/** The options of one route. Functions among them are given Fastify's request. */
export interface FastifyHoldOpenOptions extends HoldOpenOptions<FastifyRequest>, RunsOption {}

/** The options of `app.register(holdOpen, options)`. */
export interface FastifyHoldOpenPluginOptions extends FastifyHoldOpenOptions {
  /**
   * `false`: only routes with `config: { holdOpen: true }` or with options of their own there.
   * @default true
   */
  global?: boolean | undefined;
}

/** Checked options, ready for any number of requests. */
export interface Mounted {
  readonly node: ReturnType<typeof mountOptions>;
  /** Some of them are functions, which want Fastify's request. */
  readonly hasFunctions: boolean;
}

/** @throws HoldOpenError if an option is wrong. */
export function mount(options: FastifyHoldOpenOptions, where: Mount): Mounted {
  return {
    node: mountOptions(forRawRequests(options), where),
    hasFunctions: Object.values(options).some((option) => typeof option === 'function'),
  };
}

/** Below Fastify there is Node's request; the application's functions are given Fastify's. */
function forRawRequests(options: FastifyHoldOpenOptions): Parameters<typeof mountOptions>[0] {
  const { format, lateError, onBeat, onLateOutcome } = options;
  return {
    ...options,
    format: typeof format === 'function' ? (raw) => format(fastifyRequestOf(raw)) : format,
    lateError:
      typeof lateError === 'function'
        ? (outcome, raw) => lateError(outcome, fastifyRequestOf(raw))
        : lateError,
    onBeat:
      typeof onBeat === 'function' ? (hold, raw) => onBeat(hold, fastifyRequestOf(raw)) : onBeat,
    onLateOutcome:
      typeof onLateOutcome === 'function'
        ? (outcome, raw) => onLateOutcome(outcome, fastifyRequestOf(raw))
        : onLateOutcome,
  };
}
