// curl counts bytes of the body; less than one a second over the time-out is silence.
import { runTool } from './run-tool.mjs';

await runTool(({ url, mode, timeoutMs }) => [
  'curl',
  ['-sS', '-N', '--speed-limit', '1', '--speed-time', `${timeoutMs / 1_000}`],
  ...(mode === 'json' ? [['--json', '{}']] : [['-H', 'Accept: text/event-stream']]),
  [url],
]);
