// A peer in a process of its own: `peer-server.ts <peer>`.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { answer } from '../child.js';
import { cpuUs } from '../runs/cpu.js';
import { createPeer, type PeerName } from './peer.js';

/** Longer than any response takes: what is measured is being ready to beat. */
const INTERVAL_MS = 8_000;

const server = await createPeer(process.argv[2] as PeerName, INTERVAL_MS);
server.listen(0, '127.0.0.1');
await once(server, 'listening');

const commands = { port: () => (server.address() as AddressInfo).port, cpuUs };
export type PeerServer = typeof commands;
answer(commands);
