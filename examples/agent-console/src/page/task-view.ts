import type { Task } from './task.js';
import { drawTimeline } from './timeline.js';
import { explain, LABELS } from './words.js';

export interface TaskActions {
  stop(task: Task): void;
  again(task: Task): void;
  retry(task: Task): void;
  forget(task: Task): void;
}

/** A task on the page. `update` draws what has changed. */
export class TaskView {
  readonly element = document.createElement('article');
  readonly #task: Task;
  readonly #title = document.createElement('h2');
  readonly #badge = document.createElement('span');
  readonly #timeline = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  readonly #steps = document.createElement('ol');
  readonly #words = document.createElement('p');
  readonly #stop: HTMLButtonElement;
  readonly #again: HTMLButtonElement;
  readonly #retry: HTMLButtonElement;
  readonly #forget: HTMLButtonElement;

  constructor(task: Task, actions: TaskActions) {
    this.#task = task;
    this.#stop = button('Stop', () => actions.stop(task));
    this.#again = button('Run it again', () => actions.again(task));
    this.#retry = button('Try again', () => actions.retry(task));
    this.#forget = button('Remove', () => actions.forget(task));
    this.#words.setAttribute('role', 'status');
    const head = document.createElement('header');
    head.append(this.#title, this.#badge);
    const foot = document.createElement('footer');
    foot.append(this.#stop, this.#again, this.#retry, this.#forget);
    this.element.append(head, this.#timeline, this.#steps, this.#words, foot);
    this.update();
  }

  update(): void {
    const task = this.#task;
    this.element.dataset.phase = task.phase;
    this.element.dataset.attempt = `${task.attempt}`;
    this.#title.textContent = task.title;
    this.#badge.textContent = LABELS[task.phase];
    this.#words.textContent = explain(task);
    drawTimeline(this.#timeline, task);
    if (this.#steps.childElementCount > task.steps.length) this.#steps.replaceChildren();
    for (const { step, of, text } of task.steps.slice(this.#steps.childElementCount)) {
      const item = document.createElement('li');
      item.textContent = `${step}/${of} ${text}`;
      this.#steps.append(item);
    }
    this.#stop.hidden = task.isOver || task.id === undefined;
    this.#again.hidden = !task.isOver || task.phase === 'completed';
    // What it came to is not known: it may go on, and may not.
    const isUnknown = task.phase === 'unreachable';
    this.#retry.hidden = !isUnknown;
    this.#forget.hidden = !task.isOver && !isUnknown;
  }
}

function button(text: string, onClick: () => void): HTMLButtonElement {
  const element = document.createElement('button');
  element.type = 'button';
  element.textContent = text;
  element.addEventListener('click', onClick);
  return element;
}
