// Why a card is where it is: its state, the people it weighs, the rule and its examples.

import { MARKS, freshness, judge, pressure, staffed } from './judge.js';
import { ageText, attr, definition, el, lang, number, t } from './texts.js';
import { raw, shown, target } from './figures.js';

const examples = await (await fetch('/static/examples.json')).json();
const THRESHOLD_SECONDS = 20;

/** An example of tickets as a record: 90 % of resolutions in time. */
function ticketsOf(example, nowMs) {
  const none = { running: 0, paused: 0, at_risk: 0, breached_open: 0 };
  const { met, breached } = example;
  return {
    tenant: '', queue: '', channel: 'ticket', as_of: nowMs, definitions: { targets: { resolution_ratio: 0.9, first_response_seconds: null } },
    live: {
      waiting: 0, handling: 0, backlog: { open: example.backlog, pending: 0, on_hold: 0 },
      sla: { first_response: none, next_response: none, resolution: { ...none, running: example.backlog, at_risk: example.at_risk, breached_open: example.breached_open } } },
    figures: {
      offered: 0, handled: 0, tickets_opened: 0, ticket: { sla: { resolution: { met, breached } } },
      resolution_in_time_ratio: met + breached ? met / (met + breached) : null, first_response_mean_seconds: null },
  };
}

/** An example as a record of voice, 30 minutes, 80 % in 20 s, 5 % abandoned, 75–80 % occupied. */
export function recordOf(example, nowMs) {
  if (example.backlog != null) return ticketsOf(example, nowMs);
  const { answered, abandoned, flowed_out: flowedOut } = example;
  const offered = answered + abandoned + flowedOut;
  return {
    tenant: '', queue: '', channel: 'voice', as_of: nowMs,
    definitions: { service_level_seconds: THRESHOLD_SECONDS, default_formula: 'offered_less_short', targets: {
      service_level: 0.8, abandonment: 0.05, occupancy_low: 0.75, occupancy_high: 0.8, occupancy_limit: 0.85, handle_seconds: 300, first_response_seconds: null } },
    live: {
      waiting: example.waiting, waiting_over_threshold: example.beyond, handling: example.agents, backlog: null,
      oldest_waiting_at: example.oldest_seconds == null ? null : nowMs - example.oldest_seconds * 1000,
      agents: { error: 0, on_contact: example.agents, wrapup: 0, ringing: 0, break: 0, available: 0, unknown: 0, offline: 0 } },
    figures: {
      offered, answered, abandoned, flowed_out: flowedOut, short_abandoned: 0, handled: answered, tickets_opened: 0,
      threshold_decided: offered, answered_in_threshold: example.in_time, abandoned_in_threshold: 0,
      service_level: { offered_less_short: offered ? example.in_time / offered : null },
      abandonment_ratio: offered ? abandoned / offered : null, handle_mean_seconds: 240,
      occupancy_ratio: example.occupancy, depth_mean: 1, waiting_seconds: 1_800 },
  };
}

/** Each example with its verdict, in the order of the file. */
export const judged = (nowMs) => examples.map((example) => ({ example, verdict: judge(recordOf(example, nowMs), nowMs) }));

const tenth = (value) => number(Math.round(value * 10) / 10);

/** Title, sentence and definition list of the dialog. `board` knows the oldest queue of a total. */
export function why(record, nowMs, board) {
  const verdict = judge(record, nowMs);
  const oldest = board.oldest(record);
  const { state, ageMs } = freshness(oldest.as_of, nowMs, board.staleMs);
  const title = state === 'stale' ? t('stale', { age: ageText(ageMs) }) : state === 'ahead' ? t('ahead', { age: ageText(-ageMs) }) : t(`level_${verdict.level}`);
  const rows = [[t('why'), reasons(record, verdict, nowMs)]];
  if (oldest !== record) rows.push([t('oldest_queue'), el('dd', '', `${oldest.queue} · ${ageText(ageMs)}`)]);
  const total = record.queue === '_all';
  const place = total ? 'totals' : record.channel === 'ticket' ? 'tickets' : state === 'fresh' || verdict.place === 'on' || verdict.place === 'idle' ? verdict.place : 'stale';
  rows.push([t('people'), weighed(record, nowMs)]);
  rows.push([t('rule_name'), el('dd', 'formula rule', t('rule'))], [t('examples'), el('dd', '', table(nowMs))]);
  return { title, means: t(`place_${place}`), rows };
}

function reasons(record, { levels }, nowMs) {
  const node = el('dd', 'reasons');
  for (const [id, level] of Object.entries(levels)) {
    if (level === 'on') continue;
    const [text, unit] = shown(id, raw(id, record), nowMs, record.channel === 'ticket' ? 'long' : '');
    const aim = id === 'waiting' && staffed(record.live.agents) === 0 ? t('not_working') : target(id, record);
    const line = el('span', 'reason', el('i', 'fig-mark', MARKS[level]), ` ${definition(id).name} `, el('b', '', `${text}${unit && ' '}${unit}`), aim ? ` (${aim})` : '', ` · ${t(`level_${level}`)}`);
    attr(line, 'data-level', level);
    node.append(line);
  }
  if (!node.children.length) node.append(t('nothing_off'));
  return node;
}

function weighed(record, nowMs) {
  const { waiting, late, limits, failing, people } = pressure(record, nowMs);
  const term = (value, text) => el('span', 'term', el('b', '', value), ` ${text}`);
  const ticket = record.channel === 'ticket';
  const node = el('dd', 'terms', term(number(waiting), t(ticket ? 'term_at_risk' : 'term_waiting')));
  if (late) node.append(term(`+ ${number(late)}`, t(ticket ? 'term_breached' : 'term_late', { limits: tenth(limits) })));
  if (failing) node.append(term(`+ ${tenth(failing)}`, t('term_failing')));
  node.append(el('span', 'term sum', '= ', el('b', '', tenth(people))));
  return node;
}

function table(nowMs) {
  const head = el('tr', '', ...['example', 'people', 'state'].map((key) => el('th', '', t(key))));
  for (const cell of head.children) cell.scope = 'col';
  const body = el('tbody');
  for (const { example, verdict } of judged(nowMs)) {
    body.append(el('tr', '', el('td', '', example[lang] ?? example.en), el('td', '', tenth(verdict.people)), el('td', '', `${MARKS[verdict.level]} ${t(`level_${verdict.level}`)}`)));
  }
  return el('table', 'examples', el('thead', '', head), body);
}
