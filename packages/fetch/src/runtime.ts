/** What the runtimes have beyond the globals of the web, each in its own way. */
interface Runtime {
  readonly process?: {
    readonly env?: Readonly<Record<string, string | undefined>>;
    getBuiltinModule?(id: string): unknown;
    emitWarning?(message: string, options: { type: string; code: string }): void;
  };
  readonly Bun?: object;
  readonly Deno?: {
    unrefTimer?(id: number): void;
    readonly permissions?: {
      querySync?(descriptor: { name: 'env'; variable: string }): { readonly state: string };
    };
  };
  readonly navigator?: { readonly userAgent?: string };
  /** https://github.com/tc39/proposal-async-context */
  readonly AsyncContext?: { readonly Snapshot: new () => { run(callback: () => void): void } };
}

export const runtime: Runtime = globalThis as unknown as Runtime;

export const isBun: boolean = runtime.Bun !== undefined;
export const isDeno: boolean = runtime.Deno !== undefined;
export const isWorkers: boolean = runtime.navigator?.userAgent === 'Cloudflare-Workers';

/** A module of Node's, in the runtimes that have it, without an import that the others would refuse. */
export function builtin<Module>(id: string): Partial<Module> {
  try {
    return (runtime.process?.getBuiltinModule?.(id) ?? {}) as Partial<Module>;
  } catch {
    return {};
  }
}

/**
 * For adapters: the operator's switch, the environment variable `HOLDOPEN`. Deno would refuse or ask
 * whoever sits at the terminal, so it is asked for leave first; without it nothing is switched off.
 */
export function environmentSwitch(): string | undefined {
  try {
    const asked = runtime.Deno?.permissions?.querySync?.({ name: 'env', variable: 'HOLDOPEN' });
    if (asked !== undefined && asked.state !== 'granted') return undefined;
    return runtime.process?.env?.HOLDOPEN;
  } catch {
    return undefined;
  }
}
