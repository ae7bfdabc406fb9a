import type { Server } from 'node:http';
import { type FastifyPeer, onFastify } from './on-fastify.js';
import { type HonoPeer, onHono } from './on-hono.js';
import { type NodePeer, onNode } from './on-node.js';

/** One way to send events, with or without something that beats. */
export type PeerName = NodePeer | FastifyPeer | HonoPeer;

/** A server that answers `/3` with three events, `/idle` with none and no end, on Node `/items` with JSON. */
export async function createPeer(peer: PeerName, intervalMs: number): Promise<Server> {
  switch (peer) {
    case 'fastify':
    case 'fastify, holdOpen':
    case '@fastify/sse':
      return onFastify(peer, intervalMs);
    case 'hono streamSSE':
    case 'hono streamSSE, holdOpen':
    case 'hono streamSSE, loop':
      return onHono(peer, intervalMs);
    default:
      return onNode(peer, intervalMs);
  }
}
