import type { ClientRequest } from 'node:http';
import { Roster } from '@holdopen/core';
import { createAccessLog } from './access-log.js';
import { listen, parseAddress, urlOf } from './address.js';
import { createAdmin } from './admin.js';
import { checkOptions } from './check-options.js';
import { drainExchanges } from './drain.js';
import { type Exchange, isUnattended, type Watcher } from './exchange.js';
import { opener } from './forward.js';
import { createFront } from './front.js';
import { createHandler } from './handler.js';
import { watchHeld } from './hold-facts.js';
import { ProxyMetrics } from './metrics.js';
import type { ProxyOptions, ProxyOutput } from './options.js';
import * as defaults from './options.js';
import { createPool, destination } from './pool.js';
import { createRoutes } from './routes.js';
import { checkNotItself, parseTarget } from './target.js';
import { createUpgrades } from './upgrade.js';

/** A proxy that is listening. */
export interface RunningProxy {
  /** Where clients find it. */
  readonly url: string;
  /** Where health and metrics are, if they are anywhere. */
  readonly adminUrl: string | undefined;
  /**
   * Takes nothing new and lets what is under way end, for `drainMs` at most: then held answers end with
   * a late 503, those that were not begun with a plain one, and all others are cut.
   */
  close(): Promise<void>;
  /** Ends everything at once. */
  destroy(): void;
}

/**
 * Starts a proxy that gives keep-alive to the answers of one other server.
 *
 * @example
 * const proxy = await createProxy({ target: 'http://127.0.0.1:8000', routes: ['POST /v1/*'] });
 *
 * @throws ProxyOptionError or HoldOpenError if an option is wrong; its message says what to do.
 */
export async function createProxy(
  options: ProxyOptions,
  output: ProxyOutput = process.stdout,
): Promise<RunningProxy> {
  checkOptions(options);
  const target = parseTarget(options.target);
  const address = parseAddress('listen', options.listen ?? defaults.DEFAULT_LISTEN);
  checkNotItself(target, address);
  const adminAddress =
    options.admin === undefined ? undefined : parseAddress('admin', options.admin);
  const findRoute = createRoutes(options.routes ?? [], options.hold ?? {}, options.global === true);
  const drainMs = options.drainMs ?? defaults.DEFAULT_DRAIN_MS;
  const pool = createPool(target, {
    idleMs: options.upstreamIdleMs ?? defaults.DEFAULT_UPSTREAM_IDLE_MS,
    connectMs: options.upstreamConnectMs ?? defaults.DEFAULT_UPSTREAM_CONNECT_MS,
    ca: options.upstreamCa,
    insecure: options.upstreamInsecure,
  });
  const maxHeadBytes = options.maxHeadBytes ?? defaults.DEFAULT_MAX_HEAD_BYTES;
  const open = opener(destination(target, pool), maxHeadBytes);
  const policy = {
    trustForwarded: options.trustForwarded === true,
    rewriteHost: options.rewriteHost === true,
    authority: target.authority,
  };
  const metrics = new ProxyMetrics();
  const log = createAccessLog(options.accessLog ?? 'off', output);
  const holds = watchHeld();
  const active = new Roster<Exchange>();
  const unattended = new Roster<ClientRequest>();
  let isOpen = true;

  const watcher: Watcher = {
    began(exchange) {
      exchange.seat = active.add(exchange);
      if (exchange.route !== undefined) holds.add(exchange);
      if (!isOpen) exchange.res.shouldKeepAlive = false;
    },
    ended(exchange) {
      if (exchange.seat !== undefined) active.remove(exchange.seat);
      const { upstream } = exchange;
      if (isUnattended(exchange) && upstream?.closed === false) {
        const seat = unattended.add(upstream);
        upstream.once('close', () => unattended.remove(seat));
      }
      metrics.ended(exchange);
      log?.(exchange);
      if (isOpen) return;
      // Its client would come back over it, to a process that goes.
      if (exchange.req.httpVersionMajor === 1) exchange.req.socket.destroySoon();
    },
  };
  const handle = createHandler({ policy, findRoute, open, watcher });
  const upgrades = createUpgrades({ policy, open, watcher });
  const front = createFront(
    {
      tls: options.tls,
      keepAliveMs: options.keepAliveMs ?? defaults.DEFAULT_KEEP_ALIVE_MS,
      headMs: options.headMs ?? defaults.DEFAULT_HEAD_MS,
      requestMs: options.requestMs ?? defaults.DEFAULT_REQUEST_MS,
      maxHeadBytes,
    },
    { request: handle, upgrade: upgrades.handle },
  );
  const admin =
    adminAddress === undefined
      ? undefined
      : createAdmin({
          target,
          isOpen: () => isOpen,
          metrics: () => metrics.text(active.size, upgrades.open),
        });

  const destroy = (): void => {
    isOpen = false;
    front.stop();
    front.destroy();
    holds.stop();
    upgrades.close();
    pool.destroy();
    admin?.close();
    admin?.closeAllConnections();
  };
  try {
    await listen(front.server, 'listen', address);
    if (admin !== undefined && adminAddress !== undefined) {
      await listen(admin, 'admin', adminAddress);
    }
  } catch (error) {
    destroy();
    throw error;
  }
  return {
    url: urlOf(front.server, options.tls !== undefined),
    adminUrl: admin === undefined ? undefined : urlOf(admin, false),
    destroy,
    async close() {
      isOpen = false;
      // Their heads say that nothing more is taken, and what waits behind them in a pipeline is not begun.
      for (const exchange of active) exchange.res.shouldKeepAlive = false;
      await drainExchanges(front, active, unattended, holds, drainMs);
      destroy();
    },
  };
}
