import { headerOf } from '../exchange/plan.js';
import { RESUME_REQUEST_HEADERS, SIMPLE_METHODS } from '../exchange/preflight.js';
import type { Facts } from '../facts.js';
import type { Preflight } from '../observation.js';
import { list } from '../words.js';
import { type Finding, problem, warning } from './finding.js';

/** What a client of runs reads (`docs/client.md`). */
const RESUME_RESPONSE_HEADERS = [
  'holdopen-run',
  'link',
  'location',
  'content-location',
  'retry-after',
];

export interface Page {
  readonly origin: string;
  readonly hasCredentials: boolean;
}

/** What a page of another origin could not send or read. */
export function corsFindings(facts: Facts, { origin, hasCredentials }: Page): Finding[] {
  const { head, preflight, method } = facts.observation;
  const ofAnswer = head === undefined ? [] : answerFindings(facts, origin, hasCredentials);
  const ofPreflight =
    preflight === undefined ? [] : preflightFindings(preflight, method, origin, hasCredentials);
  const before =
    preflight?.isNeeded === false && !preflight.isStopped ? onlyToResume(ofPreflight) : ofPreflight;
  // What is wrong with both is said once.
  const isSaid = ({ code }: Finding): boolean => before.some((finding) => finding.code === code);
  return [...before, ...ofAnswer.filter((finding) => !isSaid(finding))];
}

/** Of a request that a browser sends without asking, only what comes back to its run is kept out. */
function onlyToResume(findings: readonly Finding[]): Finding[] {
  return findings.map((finding) => {
    if (finding.level !== 'problem') return finding;
    const what = `A page may send this request, but come back to no run. ${finding.what}`;
    return warning('cors-resume-request', what, finding.cure);
  });
}

function preflightFindings(
  { status, headers, ownHeaders, failure, isStopped }: Preflight,
  method: string,
  origin: string,
  hasCredentials: boolean,
): Finding[] {
  if (isStopped) {
    return [
      problem(
        'preflight',
        'What a browser asks before (OPTIONS) was not answered until the doctor stopped, so that nothing else was asked.',
        'Answer OPTIONS with 204 and the Access-Control headers, at once and before any login.',
      ),
    ];
  }
  if (status === undefined || status < 200 || status > 299) {
    return [
      problem(
        'preflight',
        `What a browser asks before (OPTIONS) is answered ${status ?? `not at all (${failure})`}: it would not send what it asked for.`,
        'Answer OPTIONS with 204 and the Access-Control headers, before any login.',
      ),
    ];
  }
  const allowed = names(headerOf(headers, 'access-control-allow-headers'));
  const isAllowed = (name: string): boolean =>
    allowed.has(name) || (allowed.has('*') && !hasCredentials && name !== 'authorization');
  const own = ownHeaders.filter((name) => !isAllowed(name));
  const resume = RESUME_REQUEST_HEADERS.filter(
    (name) => !isAllowed(name) && !ownHeaders.includes(name),
  ).sort();
  const methods = names(headerOf(headers, 'access-control-allow-methods'));
  const isMethod =
    SIMPLE_METHODS.has(method) ||
    methods.has(method.toLowerCase()) ||
    (methods.has('*') && !hasCredentials);
  return [
    ...allowOrigin(headers, origin, hasCredentials, 'preflight'),
    ...(isMethod
      ? []
      : [
          problem(
            'cors-method',
            `Pages may not send ${method}.`,
            `Access-Control-Allow-Methods: ${method}`,
          ),
        ]),
    ...(own.length === 0
      ? []
      : [problem('cors-request-headers', `Pages may not send ${list(own)}.`, addTo('Allow', own))]),
    ...(resume.length === 0
      ? []
      : [
          warning(
            'cors-resume-request',
            `Pages may not send ${list(resume)}, so none can come back to a run.`,
            addTo('Allow', resume),
          ),
        ]),
  ];
}

function answerFindings(
  { observation, kind }: Facts,
  origin: string,
  hasCredentials: boolean,
): Finding[] {
  const headers = observation.head?.headers ?? [];
  const origins = allowOrigin(headers, origin, hasCredentials, 'answer');
  const exposed = names(headerOf(headers, 'access-control-expose-headers'));
  const isExposed = (name: string): boolean =>
    exposed.has(name) || (exposed.has('*') && !hasCredentials);
  const hidden = RESUME_RESPONSE_HEADERS.filter((name) => !isExposed(name));
  return [
    ...origins,
    ...(kind.name === 'held' && !isExposed('holdopen')
      ? [
          problem(
            'cors-holdopen',
            'Pages may not read HoldOpen, so they take every held answer for a plain 200.',
            addTo('Expose', ['HoldOpen']),
          ),
        ]
      : []),
    ...(hidden.length === 0
      ? []
      : [
          warning(
            'cors-resume-response',
            `Pages may not read ${list(hidden)}, so none can come back to a run or heed a late Retry-After.`,
            addTo('Expose', hidden),
          ),
        ]),
  ];
}

function allowOrigin(
  headers: Preflight['headers'],
  origin: string,
  hasCredentials: boolean,
  of: 'preflight' | 'answer',
): Finding[] {
  const what = of === 'preflight' ? 'The answer to OPTIONS' : 'The answer';
  const allowed = headerOf(headers, 'access-control-allow-origin');
  const isAllowed = allowed === origin || (allowed === '*' && !hasCredentials);
  if (!isAllowed) {
    return [
      problem(
        'cors-origin',
        `${what} is not for pages of ${origin}: Access-Control-Allow-Origin is ${allowed ?? 'missing'}.`,
        of === 'preflight'
          ? `Answer OPTIONS with Access-Control-Allow-Origin: ${origin}`
          : `Access-Control-Allow-Origin: ${origin}, set before the first beat: by middleware before the work, or with the option headers of @holdopen/fetch.`,
      ),
    ];
  }
  const credentials = headerOf(headers, 'access-control-allow-credentials');
  if (!hasCredentials || credentials === 'true') return [];
  return [
    problem(
      'cors-credentials',
      `${what} is not for pages that send cookies.`,
      'Access-Control-Allow-Credentials: true',
    ),
  ];
}

function names(value: string | undefined): Set<string> {
  return new Set((value ?? '').split(',').map((name) => name.trim().toLowerCase()));
}

function addTo(list: 'Allow' | 'Expose', missing: readonly string[]): string {
  return `Add to Access-Control-${list}-Headers: ${missing.join(', ')}`;
}
