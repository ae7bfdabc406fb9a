import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a child process can be asked: functions by name. Their arguments and results are plain data. */
export type Commands = Record<string, (...args: never[]) => unknown>;

interface Question {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** Nothing that is asked takes so long on a machine that does little else; whoever does not answer has lost a response or a beat. */
const PATIENCE_MS = 600_000;

/** A script in a process of its own, with the flags of this one. */
export class Child<C extends Commands> {
  readonly #process: ChildProcess;
  readonly #script: string;
  readonly #patienceMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(script: URL, args: readonly string[] = [], patienceMs = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
    this.#script = fileURLToPath(script);
    this.#process = fork(this.#script, args);
    this.#process.on('message', (reply: Reply) => this.#answered(reply));
    this.#process.on('exit', (code, signal) => {
      this.#failAll(`${this.#script} ended: ${signal ?? `exit code ${code}`}`);
    });
    this.#process.on('error', (error) => this.#failAll(error.message));
  }

  ask<Name extends keyof C & string>(
    name: Name,
    ...args: Parameters<C[Name]>
  ): Promise<Awaited<ReturnType<C[Name]>>> {
    this.#lastId += 1;
    const question: Question = { id: this.#lastId, name, args };
    return new Promise((resolve, reject) => {
      const patience = setTimeout(() => {
        this.#waiting.delete(question.id);
        const seconds = this.#patienceMs / 1_000;
        reject(new Error(`${this.#script} did not answer "${name}" within ${seconds} s`));
      }, this.#patienceMs);
      this.#waiting.set(question.id, {
        resolve(result) {
          clearTimeout(patience);
          (resolve as Waiting['resolve'])(result);
        },
        reject(error) {
          clearTimeout(patience);
          reject(error);
        },
      });
      this.#process.send(question, (error) => {
        if (error !== null) this.#failAll(`${this.#script}: ${error.message}`);
      });
    });
  }

  stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#process.once('exit', () => resolve());
      this.#process.kill('SIGKILL');
    });
  }

  #answered(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.error === undefined) waiting?.resolve(reply.result);
    else waiting?.reject(new Error(`${this.#script}: ${reply.error}`));
  }

  #failAll(message: string): void {
    for (const waiting of this.#waiting.values()) waiting.reject(new Error(message));
    this.#waiting.clear();
  }
}

/** The child's side: answers what the parent asks and ends with it. */
export function answer(commands: Commands): void {
  const send = (reply: Reply): void => {
    process.send?.(reply);
  };
  process.on('message', async ({ id, name, args }: Question) => {
    try {
      send({ id, result: await commands[name]?.(...(args as never[])) });
    } catch (error) {
      send({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
  // Whoever is still loading when its parent ends is told nothing.
  if (process.send !== undefined && !process.connected) process.exit();
}
