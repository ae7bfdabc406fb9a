/** A member's place in a roster, to leave it by. */
export class Seat<Member> {
  readonly member: Member;
  next: Seat<Member> | undefined = undefined;
  previous: Seat<Member> | undefined;
  taken = true;

  constructor(member: Member, previous: Seat<Member> | undefined) {
    this.member = member;
    this.previous = previous;
  }
}

/**
 * Those who are here now, in the order in which they came: what a `Set` would be, for members that come
 * and go by the thousand.
 *
 * A `Set` whose members change makes itself a new table every few dozen of them. V8 links the old table
 * to the new one, so once one has grown old, all that follow are kept until the next full collection,
 * each with the requests and responses that were under way. Here nothing that has left points anywhere.
 */
export class Roster<Member> implements Iterable<Member> {
  #size = 0;
  #first: Seat<Member> | undefined;
  #last: Seat<Member> | undefined;

  get size(): number {
    return this.#size;
  }

  add(member: Member): Seat<Member> {
    const seat = new Seat(member, this.#last);
    if (this.#last === undefined) this.#first = seat;
    else this.#last.next = seat;
    this.#last = seat;
    this.#size += 1;
    return seat;
  }

  /** Nothing happens if the member has left already. */
  remove(seat: Seat<Member>): void {
    if (!seat.taken) return;
    const { next, previous } = seat;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    seat.next = undefined;
    seat.previous = undefined;
    seat.taken = false;
    this.#size -= 1;
  }

  /** Those of now, whoever comes and goes meanwhile. */
  [Symbol.iterator](): IterableIterator<Member> {
    const members: Member[] = [];
    for (let seat = this.#first; seat !== undefined; seat = seat.next) members.push(seat.member);
    return members.values();
  }
}
