import { RunError, systemTimers } from '@holdopen/runs';
import { SimpleError } from 'redis';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Connection } from '../src/connection.js';
import { kindOfReply, type ReplyKind, toRunError } from '../src/failures.js';
import type { Link } from '../src/links/link.js';
import { codeOf } from './support/run.js';

afterEach(() => {
  vi.restoreAllMocks();
});

const IN_SCRIPT = 'script: 72273adc3c5955bf8543f1ad6ce893355b89617d, on @user_script:1.';

/** Word for word what Redis 7.0.15 answers, and some that proxies and later versions add. */
const REPLIES: Record<ReplyKind, readonly string[]> = {
  later: [
    'ERR max number of clients reached',
    'ERR max number of clients + cluster connections reached',
    'LOADING Redis is loading the dataset in memory',
    "READONLY You can't write against a read only replica.",
    'READONLY Can not run script with write flag on readonly replica',
    `READONLY You can't write against a read only replica. ${IN_SCRIPT}`,
    'MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to ’no’.',
    'NOREPLICAS Not enough good replicas to write.',
    `NOREPLICAS Not enough good replicas to write. ${IN_SCRIPT}`,
    'MISCONF Errors writing to the AOF file: No space left on device',
    'MISCONF Redis is configured to save RDB snapshots, but it’s currently unable to persist to disk. Writable scripts are blocked.',
    'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
    'BUSY Redis is busy running a module command.',
    `ERR Script killed by user with SCRIPT KILL... ${IN_SCRIPT}`,
    'MOVED 3999 127.0.0.1:6381',
    'ASK 3999 127.0.0.1:6381',
    'TRYAGAIN Multiple keys request during rehashing of slot',
    'CLUSTERDOWN The cluster is down',
    'CLUSTERDOWN The cluster is down and only accepts read commands',
    'CLUSTERDOWN Hash slot not served',
    `ERR Script attempted to access a non local key in a cluster node ${IN_SCRIPT}`,
    'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
    'INPROG Failover already in progress',
    'NOMASTERLINK Can’t SYNC while not connected with my master',
    'IOERR error or timeout connecting to the client',
    'EXECABORT Transaction discarded because of previous errors.',
    "ERR Protocol error: expected '$', got ' '",
    'REDIRECT 127.0.0.1:6380',
    'ERR upstream failure',
    'no upstream host',
  ],
  forbidden: [
    'NOAUTH Authentication required.',
    'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used',
    'WRONGPASS invalid username-password pair or user is disabled.',
    'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
    'ERR Client sent AUTH, but no password is set',
    'ERR operation not permitted',
    "NOPERM this user has no permissions to run the 'info' command",
    'NOPERM this user has no permissions to access one of the keys used as arguments',
    'NOPERM this user has no permissions to access one of the channels used as arguments',
    `ERR The user executing the script can't run this command or subcommand ${IN_SCRIPT}`,
    'DENIED Redis is running in protected mode because protected mode is enabled',
  ],
  unfit: [
    'NOPROTO unsupported protocol version',
    "ERR unknown command 'EVALSHA', with args beginning with: ",
    `ERR Unknown Redis command called from script ${IN_SCRIPT}`,
    'ERR DB index is out of range',
    'ERR SELECT is not allowed in cluster mode',
    'ERR This instance has cluster support disabled',
  ],
  full: [
    "OOM command not allowed when used memory > 'maxmemory'.",
    `OOM command not allowed when used memory > 'maxmemory'. ${IN_SCRIPT}`,
    "-OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'",
  ],
  unknownScript: ['NOSCRIPT No matching script. Please use EVAL.'],
  fault: [
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    `WRONGTYPE Operation against a key holding the wrong kind of value ${IN_SCRIPT}`,
    "CROSSSLOT Keys in request don't hash to the same slot",
    `ERR user_script:1: Script attempted to access nonexistent global variable 'nope' ${IN_SCRIPT}`,
    `ERR The ID specified in XADD is equal or smaller than the target stream top item ${IN_SCRIPT}`,
    `ERR Wrong number of args calling Redis command from script ${IN_SCRIPT}`,
    `ERR Write commands are not allowed from read-only scripts. ${IN_SCRIPT}`,
    "ERR Error compiling script (new function): user_script:1: unexpected symbol near '+'",
    'ERR Unexpected flag in script shebang: nope',
    "ERR wrong number of arguments for 'subscribe' command",
    'ERR value is not an integer or out of range',
    "ERR Number of keys can't be greater than number of args",
    'ERR syntax error',
  ],
};

const CODES: Record<ReplyKind, string> = {
  later: 'store_unavailable',
  forbidden: 'invalid_option',
  unfit: 'invalid_option',
  full: 'none of ours',
  unknownScript: 'none of ours',
  fault: 'none of ours',
};

describe.each(Object.entries(REPLIES))('an error reply that is %s', (kind, replies) => {
  test.each(replies)('%s', (reply) => {
    expect(kindOfReply(reply)).toBe(kind);
    const error = toRunError(new SimpleError(reply));
    const code = error instanceof RunError ? error.code : 'none of ours';
    expect(code).toBe(CODES[kind as ReplyKind]);
    expect(String(error)).toContain(reply.replace(/^-/, ''));
  });
});

test('what is no reply at all is a server that is not reached', () => {
  for (const error of [new Error('read ECONNRESET'), new AggregateError([]), 'nothing']) {
    expect(toRunError(error)).toMatchObject({ code: 'store_unavailable' });
  }
});

describe('a server that let the store in before', () => {
  const quiet = () => vi.spyOn(process, 'emitWarning').mockImplementation(() => {});

  /** A connection to a server that answers with this, or well. */
  function open() {
    const server: { reply: string | undefined } = { reply: undefined };
    const answer = async () => {
      if (server.reply !== undefined) throw new SimpleError(server.reply);
      return 'OK';
    };
    const link: Link = {
      send: answer,
      sendToAll: async () => [await answer()],
      listen: async () => {},
      unlisten: async () => {},
      destroy: () => {},
    };
    const connection = new Connection(async () => link, 1_000, systemTimers);
    const ping = () => codeOf(connection.use((open) => open.send('', ['PING'])));
    return { server, connection, ping };
  }

  test.each([...REPLIES.forbidden, ...REPLIES.unfit])('may do so again: %s', async (reply) => {
    quiet();
    const { server, connection, ping } = open();
    server.reply = reply;
    expect(await ping()).toBe('invalid_option');
    server.reply = undefined;
    await vi.waitFor(async () => expect(await ping()).toBe('no error'));
    server.reply = reply;
    expect(await ping()).toBe('store_unavailable');
    connection.close();
  });

  test('is warned of once, until it lets the store in again', async () => {
    const warning = quiet();
    const { server, connection, ping } = open();
    server.reply = 'NOPERM no';
    expect(await ping()).toBe('invalid_option');
    expect(warning).not.toHaveBeenCalled();
    for (let times = 1; times <= 2; times += 1) {
      server.reply = undefined;
      expect(await ping()).toBe('no error');
      server.reply = 'NOPERM no';
      await ping();
      await ping();
      expect(warning).toHaveBeenCalledTimes(times);
    }
    expect(warning.mock.calls[0]).toMatchObject([
      expect.stringMatching(/does not let the store in: NOPERM no\..*storeAwayMs/),
      { code: 'HOLDOPEN_REDIS_REFUSES' },
    ]);
    connection.close();
  });
});
