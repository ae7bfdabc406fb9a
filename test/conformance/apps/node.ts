import { drain, holdOpen, type NodeHoldOpenOptions, registry } from '@holdopen/node';
import { OUTER_OPTIONS, optionsOf } from '../instrumented.js';
import { play } from '../play.js';
import type { App, NodeListener } from './app.js';
import { chain, surroundings } from './connect.js';
import { logEnd, NodeVoice } from './node-voice.js';

export const app: App = {
  kind: 'node',
  http2: true,
  drain,
  registry,
  mount: (options: never) => holdOpen(() => {}, options),
  build(row, held) {
    const { outside, inside } = surroundings(row);
    const handler: NodeListener = (req, res) => {
      if (row.around?.includes('logger')) logEnd(req, res);
      return play(row.script, new NodeVoice(req, res));
    };
    const options = optionsOf(row) as NodeHoldOpenOptions;
    const within = chain(inside, handler);
    if (!held) return chain(outside, within);
    if (row.mount === 'global') return chain([...outside, holdOpen(options)], within);
    const route = holdOpen(within, options);
    if (row.mount !== 'both') return chain(outside, route);
    return chain(outside, holdOpen(route, OUTER_OPTIONS as NodeHoldOpenOptions));
  },
};
