import { Command, InvalidArgumentError, Option } from 'commander';
import { colorsFor, type Terminal } from '../terminal.js';
import { type Flags, optionsOf } from './flags.js';
import {
  ACCESS_LOGS,
  DEFAULT_DRAIN_MS,
  DEFAULT_HEAD_MS,
  DEFAULT_KEEP_ALIVE_MS,
  DEFAULT_LISTEN,
  DEFAULT_REQUEST_MS,
  DEFAULT_UPSTREAM_CONNECT_MS,
  DEFAULT_UPSTREAM_IDLE_MS,
} from './options.js';
import { createProxy } from './proxy.js';
import { firstSignal } from './signals.js';

const EXAMPLES = `
Examples:
  holdopen proxy --target http://127.0.0.1:8000 --route 'POST /v1/*'
  holdopen proxy --target unix:/run/app.sock --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem --global
  holdopen proxy --config proxy.json --admin 127.0.0.1:9090 --access-log json

A file for --config holds the same in JSON, and routes with options of their own:
  { "target": "http://127.0.0.1:8000",
    "routes": ["POST /v1/*", { "route": "GET /reports/*", "intervalMs": 4000, "lateError": "body" }] }

SIGTERM and SIGINT let what is under way end; a second one does not wait.`;

/** `holdopen proxy`: a sidecar for a server in any language. */
export function createProxyCommand(terminal: Terminal): Command {
  return new Command('proxy')
    .description('keep-alive for the answers of another server, which is not touched')
    .option('--target <url>', 'the server behind: http://…, https://… or unix:/path')
    .option('--route <pattern...>', "answers to hold, such as 'POST /v1/*'; may be repeated")
    .option('--global', 'hold also what asks for nothing but JSON or event streams, on any route')
    .option('--config <file>', 'options from a JSON file; the command line wins')
    .option(
      '--listen <host:port>',
      `where clients come, or unix:/path (default: ${DEFAULT_LISTEN})`,
    )
    .option('--tls-cert <file>', 'speak TLS, with HTTP/2 and HTTP/1.1')
    .option('--tls-key <file>', 'the key of that certificate')
    .addOption(
      duration('--interval-ms <ms>', 'silence after which a beat goes out (default: 8000)'),
    )
    .addOption(
      duration(
        '--first-beat-ms <ms>',
        'how long the true status may wait (default: --interval-ms)',
      ),
    )
    .addOption(
      duration('--max-silence-ms <ms>', 'the longest silence that is covered (default: 4 h)'),
    )
    .addOption(count('--max-holds <count>', 'answers held at a time (default: 100000)'))
    .addOption(
      new Option('--format <name>', 'how bodies carry beats (default: auto)').choices([
        'auto',
        'json',
        'sse',
        'ndjson',
        'json-seq',
      ]),
    )
    .addOption(
      new Option(
        '--late-error <policy>',
        'a failure after the head: cut, or sent whole (default: cut)',
      ).choices(['cut', 'body']),
    )
    .option('--late-header <name...>', 'headers that may still travel late')
    .addOption(
      new Option(
        '--on-disconnect <policy>',
        'the work behind when its client leaves (default: abort)',
      ).choices(['abort', 'continue']),
    )
    .option('--trust-forwarded', 'continue X-Forwarded-* of a proxy in front')
    .option('--rewrite-host', "send the target's own name as Host")
    .option('--upstream-ca <file>', "the authority of the target's certificate")
    .option('--upstream-insecure', 'take any certificate of the target')
    .addOption(
      duration(
        '--upstream-connect-ms <ms>',
        `time to connect to the target (default: ${DEFAULT_UPSTREAM_CONNECT_MS})`,
      ),
    )
    .addOption(
      duration(
        '--upstream-idle-ms <ms>',
        `when an idle connection to the target is closed; less than its own limit (default: ${DEFAULT_UPSTREAM_IDLE_MS})`,
      ),
    )
    .addOption(
      duration(
        '--keep-alive-ms <ms>',
        `when an idle connection of a client is closed (default: ${DEFAULT_KEEP_ALIVE_MS})`,
      ),
    )
    .addOption(
      duration('--head-ms <ms>', `time for a request's head (default: ${DEFAULT_HEAD_MS})`),
    )
    .addOption(
      duration(
        '--request-ms <ms>',
        `time for a whole request, 0 for no limit (default: ${DEFAULT_REQUEST_MS})`,
      ),
    )
    .addOption(
      duration(
        '--drain-ms <ms>',
        `time for answers to end at shutdown (default: ${DEFAULT_DRAIN_MS})`,
      ),
    )
    .option('--admin <host:port>', '/healthz, /readyz and /metrics')
    .addOption(
      new Option('--access-log <kind>', 'a line for each answer (default: text)').choices(
        ACCESS_LOGS,
      ),
    )
    .option('--json', 'everything that is written as lines of JSON')
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags) => run(flags, terminal));
}

async function run(flags: Flags, terminal: Terminal): Promise<void> {
  const options = optionsOf(flags);
  const proxy = await createProxy(options, terminal.out);
  terminal.serve?.();
  // Before anybody is told that there is something to end.
  const signalled = firstSignal(() => {
    proxy.destroy();
    process.exit(1);
  });
  tell(terminal, flags, {
    event: 'listening',
    url: proxy.url,
    target: String(options.target),
    ...(proxy.adminUrl === undefined ? {} : { admin: proxy.adminUrl }),
  });
  await signalled;
  tell(terminal, flags, { event: 'draining' });
  await proxy.close();
  tell(terminal, flags, { event: 'closed' });
}

function duration(flags: string, description: string): Option {
  return count(flags, description);
}

function count(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => {
    if (!/^\d+$/.test(text))
      throw new InvalidArgumentError('It takes a whole number, such as 5000.');
    return Number(text);
  });
}

function tell(terminal: Terminal, { json }: Flags, facts: Readonly<Record<string, string>>): void {
  if (json === true) {
    terminal.out.write(`${JSON.stringify({ time: new Date().toISOString(), ...facts })}\n`);
    return;
  }
  const { bold, dim } = colorsFor(terminal.err);
  const { event, url, target, admin } = facts;
  const text =
    event === 'listening'
      ? `${bold(url ?? '')} ${dim('→')} ${target}${admin === undefined ? '' : dim(`  (health and metrics: ${admin})`)}`
      : `${event} …`;
  terminal.err.write(`holdopen proxy: ${text}\n`);
}
