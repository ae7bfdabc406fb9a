import { forget, keep, keptTasks, type Order } from './kept-tasks.js';
import { readSession, type Session, signIn } from './session.js';
import { type Source, Task } from './task.js';
import { TaskView } from './task-view.js';
import { seconds } from './words.js';

const sessionLine = find('#session', HTMLElement);
const notice = find('#notice', HTMLElement);
const elsewhere = find('#elsewhere', HTMLElement);
const list = find('#tasks', HTMLElement);
const signInForm = find('#sign-in', HTMLFormElement);
const startForm = find('#start', HTMLFormElement);

/** A double click is one order. */
const SAME_CLICK_MS = 1_000;

const views = new Map<Task, TaskView>();
let session: Session | undefined;

function show(source: Source, title: string): Task {
  const task: Task = new Task(source, title, () => views.get(task)?.update());
  const view = new TaskView(task, { stop, again, retry, forget: remove });
  views.set(task, view);
  list.prepend(view.element);
  void task.follow();
  return task;
}

async function stop(task: Task): Promise<void> {
  const response = await task.stop().catch(() => undefined);
  if (response === undefined) tell('The server cannot be reached. Try again when it is back.');
  else if (response.status === 401) tell('Sign in to stop a task.');
  else if (!response.ok) tell(`The server does not stop it: ${response.status}.`);
}

function again(task: Task): void {
  const kept = keptTasks().find(({ key }) => key === task.key);
  if (kept === undefined) tell('It was started elsewhere: start it there, or above.');
  else start(kept.order);
}

/** Under its key, or where it was: it is not started a second time. */
function retry(task: Task): void {
  void task.follow();
}

function remove(task: Task): void {
  forget(task.key);
  views.get(task)?.element.remove();
  views.delete(task);
}

function start(order: Order): void {
  const key = crypto.randomUUID();
  // Before it is sent: a page that is closed in this moment comes back to it.
  keep({ key, order });
  show({ key, order }, order.title);
}

/** Tasks of this user that this page does not show: of another tab, or another device. */
async function lookElsewhere(): Promise<void> {
  const response = await fetch('/runs').catch(() => undefined);
  if (!response?.ok) return;
  const { runs } = (await response.json()) as { runs: { id: string; events?: string }[] };
  const shown = new Set([...views.keys()].map(({ id }) => id));
  const kept = keptTasks().length > 0 && [...shown].includes(undefined);
  // Those that this page has just asked for have no name yet.
  const others = kept ? [] : runs.filter(({ id }) => !shown.has(id));
  elsewhere.hidden = others.length === 0;
  elsewhere.replaceChildren(
    ...others.map(({ id, events }) => {
      const button = document.createElement('button');
      button.textContent = 'Watch a task that was started elsewhere';
      button.dataset.run = id;
      button.addEventListener('click', () => {
        button.remove();
        show({ eventsUrl: events ?? `/runs/${id}/events` }, 'A task from elsewhere');
      });
      return button;
    }),
  );
}

function tell(text: string): void {
  notice.textContent = text;
  notice.hidden = text === '';
}

function showSession(): void {
  const leftMs = session === undefined ? 0 : session.expiresAtMs - performance.now();
  const isIn = leftMs > 0;
  const isWatching = [...views.keys()].some((task) => !task.isOver && task.phase !== 'signed-out');
  signInForm.hidden = isIn;
  startForm.hidden = !isIn;
  document.body.dataset.session = isIn ? 'in' : 'out';
  sessionLine.textContent = isIn
    ? `${session?.user}, signed in for ${seconds(leftMs)}`
    : isWatching
      ? 'The login has expired. Tasks go on, and what is watched stays watched; sign in to start or stop one.'
      : 'Nobody is signed in.';
}

/** What waited for somebody to sign in goes on where it was. */
function signedIn(next: Session | undefined): void {
  session = next;
  tell('');
  for (const task of views.keys()) if (task.phase === 'signed-out') void task.follow();
  showSession();
  void lookElsewhere();
}

signInForm.addEventListener('submit', async (event) => {
  event.preventDefault();
  const user = String(new FormData(signInForm).get('user'));
  try {
    signedIn(await signIn(user));
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
  }
});

let startedAtMs = Number.NEGATIVE_INFINITY;
startForm.addEventListener('submit', (event) => {
  event.preventDefault();
  if (event.timeStamp - startedAtMs < SAME_CLICK_MS) return;
  startedAtMs = event.timeStamp;
  const fields = new FormData(startForm);
  start({
    title: String(fields.get('title')),
    seconds: Number(fields.get('seconds')),
    ends: String(fields.get('ends')),
  });
});

find('#faults', HTMLElement).addEventListener('click', async ({ target }) => {
  const fault = target instanceof HTMLElement ? target.dataset.fault : undefined;
  if (fault === undefined) return;
  const response = await fetch(`/faults/${fault}`, { method: 'POST' }).catch(() => undefined);
  if (response?.status === 401) tell('Sign in to break it.');
  else if (fault === 'expire' && response?.ok) signedIn(undefined);
});

for (const { key, order } of [...keptTasks()].reverse()) show({ key, order }, order.title);
setInterval(() => {
  showSession();
  for (const view of views.values()) view.update();
}, 500);
signedIn(await readSession().catch(() => undefined));

function find<Kind extends Element>(selector: string, kind: new () => Kind): Kind {
  const element = document.querySelector(selector);
  if (!(element instanceof kind)) throw new Error(`The page has no ${selector}`);
  return element;
}
