import { HoldOpenError } from '@holdopen/node';
import type { FastifyInstance } from 'fastify';
import {
  type FastifyHoldOpenOptions,
  type FastifyHoldOpenPluginOptions,
  type Mounted,
  mount,
} from './options.js';

/** What stands in a route's `config: { holdOpen }`. */
export type RouteOption = FastifyHoldOpenOptions | boolean | undefined;

/** What Fastify, or a loader of plugins, puts next to a plugin's own options. */
const REGISTER_OPTIONS = ['prefix', 'logLevel', 'logSerializers'] as const;

/** One `register(holdOpen, options)`: what its options come to on each route. */
export class Registration {
  readonly #options: FastifyHoldOpenOptions;
  readonly #overAll: Mounted | undefined;
  readonly #onRoute: Mounted;
  readonly #off: Mounted;
  /** By what the application wrote, which is not ours to write on. */
  readonly #byOptions = new WeakMap<FastifyHoldOpenOptions, Mounted>();

  /** @throws HoldOpenError if an option is wrong. */
  constructor(given: FastifyHoldOpenPluginOptions) {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      throw new HoldOpenError(
        'HOLDOPEN_INVALID_OPTION',
        `The options of holdOpen must be an object, such as { intervalMs: 8000 }; it was ${show(given)}.`,
        { given },
      );
    }
    const { global = true, ...options }: FastifyHoldOpenPluginOptions = given;
    for (const name of REGISTER_OPTIONS) Reflect.deleteProperty(options, name);
    if (typeof global !== 'boolean') {
      throw new HoldOpenError(
        'HOLDOPEN_INVALID_OPTION',
        `global must be true, or false so that only routes with config: { holdOpen: true } are held; it was ${show(global)}.`,
        { option: 'global', given: global },
      );
    }
    this.#options = options;
    const overAll = mount(options, 'global');
    this.#overAll = global ? overAll : undefined;
    this.#onRoute = mount(options, 'route');
    this.#off = mount({ intervalMs: false }, 'route');
  }

  /**
   * What holds for a route; `undefined` if it is none of ours. The options of a route are those of
   * the registration with its own over them.
   * @throws HoldOpenError if a route's option is wrong.
   */
  mountedOn(given: RouteOption): Mounted | undefined {
    if (given === undefined) return this.#overAll;
    if (given === true) return this.#onRoute;
    if (given === false) return this.#off;
    return this.#byOptions.get(given) ?? this.#mountOptions(given);
  }

  #mountOptions(given: FastifyHoldOpenOptions): Mounted {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      throw new HoldOpenError(
        'HOLDOPEN_INVALID_OPTION',
        `it must be true, false or an object of options, such as { intervalMs: 8000 }; it was ${show(given)}.`,
        { given },
      );
    }
    // One that is there and undefined says nothing.
    const said = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    );
    const mounted = mount({ ...this.#options, ...said }, 'route');
    this.#byOptions.set(given, mounted);
    return mounted;
  }
}

/** Where an instance keeps its registration. Instances inherit from the one they are encapsulated in. */
const REGISTRATION: unique symbol = Symbol('holdOpenRegistration');

type RegisteredInstance = FastifyInstance & { [REGISTRATION]?: Registration };

/** The innermost registration around an instance. */
export function registrationOf(app: FastifyInstance): Registration | undefined {
  return (app as RegisteredInstance)[REGISTRATION];
}

/** @throws HoldOpenError if the instance has one already. */
export function register(app: FastifyInstance, registration: Registration): void {
  if (Object.hasOwn(app, REGISTRATION)) {
    throw new HoldOpenError(
      'HOLDOPEN_WRONG_MOUNT',
      'holdOpen is registered twice on the same Fastify instance, so that nobody could say whose options count. Register it once; give routes their own options in config: { holdOpen: { … } }, or register it again inside a plugin that has a context of its own.',
    );
  }
  (app as RegisteredInstance)[REGISTRATION] = registration;
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  return Array.isArray(value) ? 'an array' : String(value);
}
