import { runTool } from './run-tool.mjs';

await runTool(({ url, mode, timeoutMs }) => [
  'wget',
  ['-O', '-', '--tries', '1', '--read-timeout', `${timeoutMs / 1_000}`],
  mode === 'json' ? ['--post-data', '{}'] : ['--header', 'Accept: text/event-stream'],
  [url],
]);
