// `npm run demo`: what becomes of a slow response on a path that gives up early.
import { CALLS, type CallReport, makeCall } from './demo/call.js';
import { startNginx } from './demo/nginx.js';
import { type DemoOptions, readOptions, USAGE, UsageError } from './demo/options.js';
import { brokenPromises } from './demo/promise.js';
import { serve } from './demo/serve.js';
import { Timeline } from './demo/timeline.js';
import { startAgentServer } from './server.js';

const EXIT_BROKEN = 1;
const EXIT_USAGE = 2;

async function main(options: DemoOptions, signal: AbortSignal): Promise<number> {
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (options.servePort !== undefined) {
    await serve(options, options.servePort, signal);
    return 0;
  }
  const broken = await makeCalls(options, signal);
  for (const promise of broken) console.error(promise);
  return broken.length === 0 ? 0 : EXIT_BROKEN;
}

/** Makes all calls, one after the other. Gives what did not come out as promised. */
async function makeCalls(options: DemoOptions, signal: AbortSignal): Promise<string[]> {
  const { root, intervalMs, idleMs } = options;
  const timeline = options.json
    ? undefined
    : new Timeline(options, options.nginx ? 'nginx' : 'the idle proxy', process.stdout);

  const server = await startAgentServer({
    root,
    intervalMs,
    log: (line) => timeline?.note(`server log: ${line}`),
  });
  try {
    const nginx = options.nginx ? await startNginx({ targetPort: server.port, idleMs }) : undefined;
    // Before nginx stands a proxy without a limit, for the view of the wire alone.
    const entry =
      nginx === undefined
        ? { targetPort: server.port, idleMs }
        : { targetPort: nginx.port, idleMs: Number.POSITIVE_INFINITY };
    try {
      timeline?.intro();
      const reports: CallReport[] = [];
      for (const call of CALLS) {
        timeline?.begin(call);
        const report = await makeCall(
          call,
          entry,
          options,
          (event) => timeline?.show(event),
          signal,
        );
        await server.idle();
        timeline?.end(report);
        if (options.json) process.stdout.write(`${JSON.stringify(report.result)}\n`);
        reports.push(report);
      }
      const broken = brokenPromises(
        reports.map(({ result }) => result),
        options,
      );
      timeline?.verdict(broken);
      return broken;
    } finally {
      timeline?.stop();
      await nginx?.close();
    }
  } finally {
    await server.close();
  }
}

/**
 * Whoever ends us, everything is ended in order. A second signal must not kill us meanwhile: npm
 * passes on the Ctrl-C that we have got from the terminal already. The reasons are exit codes.
 */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  process.on('SIGINT', () => controller.abort(130));
  process.on('SIGTERM', () => controller.abort(143));
  // Nobody reads any more, as in `demo | head`.
  process.stdout.on('error', () => controller.abort(141));
  return controller.signal;
}

const signal = stopSignal();
try {
  process.exitCode = await main(readOptions(process.argv.slice(2)), signal);
} catch (error) {
  if (signal.aborted) {
    process.exitCode = signal.reason;
  } else if (error instanceof UsageError) {
    console.error(error.message);
    process.exitCode = EXIT_USAGE;
  } else {
    console.error(error);
    process.exitCode = EXIT_BROKEN;
  }
}
