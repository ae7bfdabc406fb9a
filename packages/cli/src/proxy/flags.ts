import { checkHold } from './check-options.js';
import { readConfigFile, readText, readTls } from './config-file.js';
import { ProxyOptionError } from './errors.js';
import type { AccessLog, ProxyOptions } from './options.js';
import type { HoldSettings } from './routes.js';

/** What was said on the command line. */
export interface Flags {
  readonly target?: string;
  readonly listen?: string;
  readonly route?: readonly string[];
  readonly global?: true;
  readonly config?: string;
  readonly intervalMs?: number;
  readonly firstBeatMs?: number;
  readonly maxSilenceMs?: number;
  readonly maxHolds?: number;
  readonly format?: 'auto' | 'json' | 'sse' | 'ndjson' | 'json-seq';
  readonly lateError?: 'cut' | 'body';
  readonly lateHeader?: readonly string[];
  readonly onDisconnect?: 'abort' | 'continue';
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly upstreamCa?: string;
  readonly upstreamInsecure?: true;
  readonly upstreamConnectMs?: number;
  readonly upstreamIdleMs?: number;
  readonly rewriteHost?: true;
  readonly trustForwarded?: true;
  readonly keepAliveMs?: number;
  readonly headMs?: number;
  readonly requestMs?: number;
  readonly drainMs?: number;
  readonly admin?: string;
  readonly accessLog?: AccessLog;
  readonly json?: true;
}

/** The options of the proxy: those of the file, and over them those of the command line. */
export function optionsOf(flags: Flags): ProxyOptions {
  const { config, route, tlsCert, tlsKey, upstreamCa, json, accessLog, ...rest } = flags;
  const file = config === undefined ? {} : readConfigFile(config);
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new ProxyOptionError('--tls-cert and --tls-key belong together: give both.');
  }
  const {
    intervalMs,
    firstBeatMs,
    maxSilenceMs,
    maxHolds,
    format,
    lateError,
    lateHeader,
    onDisconnect,
    ...own
  } = rest;
  checkHold(file.hold);
  const hold: HoldSettings = {
    ...file.hold,
    ...given({
      intervalMs,
      firstBeatMs,
      maxSilenceMs,
      maxHolds,
      format,
      lateError,
      lateHeaders: lateHeader,
      onDisconnect,
    }),
  };
  const { target = file.target } = own;
  if (target === undefined) {
    throw new ProxyOptionError(
      '--target is missing: say which server is behind, such as --target http://127.0.0.1:8000.',
    );
  }
  return {
    accessLog: json === true ? 'json' : 'text',
    ...file,
    ...given(own),
    target,
    hold,
    ...given({ accessLog }),
    ...(route === undefined ? {} : { routes: route }),
    ...(tlsCert === undefined || tlsKey === undefined ? {} : { tls: readTls(tlsCert, tlsKey) }),
    ...(upstreamCa === undefined ? {} : { upstreamCa: readText('--upstream-ca', upstreamCa) }),
  };
}

/** Without what was left out, which would hide what the file says. */
function given<Values extends object>(
  values: Values,
): { [Name in keyof Values]?: NonNullable<Values[Name]> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof Values]?: NonNullable<Values[Name]> };
}
