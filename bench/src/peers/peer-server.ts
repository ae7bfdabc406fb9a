// A peer in a process of its own: `peer-server.ts <peer>`.
import { answer } from '../child.js';
import { serve } from '../serve.js';
import { createPeer, type PeerName } from './peer.js';

/** Longer than any response takes: what is measured is being ready to beat. */
const INTERVAL_MS = 8_000;

answer(await serve(await createPeer(process.argv[2] as PeerName, INTERVAL_MS)));
