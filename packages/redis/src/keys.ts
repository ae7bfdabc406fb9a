import { slotOfRun } from '@holdopen/runs';

/**
 * Names of keys and channels. The braces are a hash tag: all data of a run lies in one slot of a
 * cluster, so that one script may touch all of it.
 */
export class Keys {
  readonly #prefix: string;
  /**
   * A cluster lets a script publish only to channels of its own slot, and so has no channel for a
   * whole shard: there each run has one.
   */
  readonly hasBellPerRun: boolean;

  constructor(prefix: string, isCluster: boolean) {
    this.#prefix = prefix;
    this.hasBellPerRun = isCluster;
  }

  /** The record and the log, in the order in which the scripts have them. */
  ofRun(run: string): readonly [record: string, log: string] {
    const tagged = `${this.#prefix}{${slotOfRun(run)}}`;
    return [`${tagged}:run`, `${tagged}:log`];
  }

  /** The channel that the doorbell of a run rings on. */
  bellOf(run: string): string {
    return this.hasBellPerRun ? `${this.#prefix}{${slotOfRun(run)}}:bell` : `${this.#prefix}bell`;
  }

  /** The command that rings. */
  get ringCommand(): 'PUBLISH' | 'SPUBLISH' {
    return this.hasBellPerRun ? 'SPUBLISH' : 'PUBLISH';
  }

  /** The runs that are due to be looked at, by the time from which on they are lost. */
  get leases(): string {
    return `${this.#prefix}leases`;
  }

  /** The runs of a principal, by their start. Hashed, since a principal is any text. */
  async ofPrincipal(principal: string): Promise<string> {
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(principal));
    return `${this.#prefix}principal:${Buffer.from(digest, 0, 16).toString('base64url')}`;
  }
}
