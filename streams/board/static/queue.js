// One queue: its card, all its figures, and the 15-minute intervals as plots and as a table.

import { attr, definition, el, set, t, translate } from './texts.js';
import { Card, TicketCard } from './cards.js';
import { Figure, raw } from './figures.js';
import { Alerts } from './alerts.js';
import { Model, idOf } from './model.js';
import { Status } from './status.js';
import { explain, refresh } from './explain.js';
import { follow, headers, now } from './stream.js';
import { appearance, connection, placeOf } from './controls.js';
import { Plots, table } from './plots.js';
import { Compared, Served, Topics } from './day.js';

const INTERVALS_MS = 30_000;
const WINDOWS = ['1m', '5m', '15m', '30m', '60m', 'today'];
// the rest, in groups below the plots; one of SELDOM only where there is any of it
const GROUPS = {
  ticket: {
    promises: ['at_risk', 'breached_open', 'next_due', 'promises_running', 'promises_paused', 'first_response_in_time', 'next_response_in_time', 'resolution_in_time', 'promises_withdrawn', 'never_due'],
    backlog: ['backlog', 'oldest_open', 'backlog_unassigned', 'tickets_opened', 'tickets_reopened', 'tickets_left'],
    responses: ['first_response', 'first_response_p90', 'next_response', 'assign_time'],
    resolutions: ['tickets_resolved', 'resolved_again', 'bot_resolved', 'resolved_without_reply', 'resolution_time', 'resolution_p90', 'resolution_cycle', 'resolution_net', 'work_per_resolution'],
    cohorts: ['resolved_same_day', 'resolved_within', 'reopen_ratio'],
    complaints: ['complaints_open', 'complaints_opened', 'complaints_resolved', 'complaints_response', 'complaints_resolution', 'complaints_in_time'],
  },
  chat: {
    messages: ['first_message', 'first_message_p90', 'chat_response', 'chat_response_p90', 'left_unanswered', 'answered_no_reply', 'silent_abandoned'],
    several: ['concurrency', 'aht_adjusted'],
  },
  voice: {},
};
const CONTACT_GROUPS = {
  waiting: ['waiting_over_limit', 'waited_over_limit', 'customer_wait', 'customer_wait_abandoned', 'time_to_answer', 'time_to_answer_p90'],
  contacts: ['contacts', 'hops', 'over_two', 'laps', 'blocked', 'flowed_out'],
  agents: ['ready', 'agents_stuck', 'in_progress', 'hold_per_held', 'offer_answer'],
  callbacks: ['callbacks_owed', 'callbacks_overdue', 'oldest_callback', 'callbacks_asked', 'callback_attempts', 'callbacks_reached', 'callback_reach', 'callback_reach_p90'],
};
// what its own contacts take of its agents: of chats by their slots
const LOAD = { chat: 'slot_load', voice: 'queue_load' };
const BOTS = ['bot_conversations', 'bot_containment', 'bot_handoff_wait'];
const SELDOM = ['callbacks', 'bots', 'complaints'];
const MORE = {
  // chat's card has its slots: the clock's occupancy stands beside it
  chat: ['answered', 'handled', 'flowed_out', 'wait_p95', 'wait_max', 'occupancy'],
  voice: ['answered', 'handled', 'flowed_out', 'wait_p95', 'wait_max', 'slot_occupancy'],
  ticket: [],
};

appearance();
translate();
const params = new URLSearchParams(location.search);
const tenant = params.get('tenant') || 'default';
const queue = params.get('queue');
const channel = params.get('channel') || 'voice';
const id = idOf(tenant, queue, channel);
const model = new Model();
const status = new Status(document);
const alerts = new Alerts(document);
const live = document.querySelector('.one-live');
const more = document.querySelector('.one-figures');
const empty = document.querySelector('.empty');
const dialog = document.querySelector('.explain');
const plots = new Plots(document.querySelector('.one-plots'), channel);
const compared = new Compared(document.querySelector('.one-compared'), channel);
const served = new Served(document.querySelector('.one-served'));
const topics = new Topics(document.querySelector('.one-topics'), channel);
let day = null; // the newest record of today
const figures = MORE[channel].map((name) => new Figure(name));
const ofContacts = channel === 'ticket' ? {} : { ...CONTACT_GROUPS, agents: [LOAD[channel], ...CONTACT_GROUPS.agents] };
const groups = Object.entries({ ...GROUPS[channel], ...ofContacts, bots: BOTS }).map(([name, ids]) => {
  const all = ids.map((figure) => new Figure(figure, { form: channel === 'ticket' ? 'long' : '' }));
  return { name, all, node: el('section', 'one-group', el('h3', '', t(`group_${name}`)), ...all.map((one) => one.node)) };
});
let card = null;
let stop = () => {};

document.title = `${queue} · ${t('title')}`;
set(document.querySelector('h1'), queue === '_all' ? t('totals') : queue);
more.append(...figures.map((figure) => figure.node));
more.dataset.key = id;

const timed = groups.flatMap(({ all }) => all).filter((figure) => ['age', 'until'].includes(definition(figure.id).unit));
const below = document.querySelector('.one-groups');
below.append(...groups.map((group) => group.node));
below.dataset.key = id;

/** All groups; a seldom one is left out where it says nothing but 0. */
function showGroups({ record, verdict }) {
  for (const { name, all, node } of groups) {
    for (const figure of all) figure.update(record, now(), verdict.levels[figure.id]);
    const none = raw(all[0].id, record) === 0 && all.every((figure) => !raw(figure.id, record));
    attr(node, 'hidden', none && SELDOM.includes(name) ? '' : null);
  }
}

/** Links keep what the reader chose: window, theme, language. */
function links() {
  const keep = new URLSearchParams();
  for (const name of ['tenant', 'window', 'theme', 'lang', 'kiosk']) if (params.get(name)) keep.set(name, params.get(name));
  if (tenant === 'default') keep.delete('tenant');
  document.querySelector('.back').href = keep.size ? `/?${keep}` : '/';
  const nav = document.querySelector('.windows');
  nav.setAttribute('aria-label', t('window'));
  const current = params.get('window') || '30m';
  nav.append(...WINDOWS.map((name) => {
    const link = el('a', '', t(`w_${name}`));
    const query = new URLSearchParams(params);
    query.set('window', name);
    link.href = `/queue?${query}`;
    attr(link, 'aria-current', name === current ? 'page' : null);
    return link;
  }));
}

const whole = (name) => name;
const board = () => ({ staleMs: model.staleMs, tenants: tenant === 'default' ? 1 : 2, newest: model.newest(), heard: model.heardMs, oldest: (record) => record, queueName: whole, tenantName: whole });

function render() {
  frame = null;
  status.status = model.status;
  const entry = model.entries.get(id);
  const known = Boolean(entry?.record);
  attr(empty, 'hidden', known ? '' : null);
  if (known) {
    if (!card) {
      card = channel === 'ticket' ? new TicketCard(entry) : new Card(entry, 'hero');
      card.node.dataset.key = id;
      live.replaceChildren(card.node);
    }
    card.update(entry, now(), board());
    for (const figure of figures) figure.update(entry.record, now(), entry.verdict.levels[figure.id]);
    showGroups(entry);
    plots.targets(entry.record.definitions);
  }
  alerts.draw(model.status?.alerts, card ? [card] : []);
  status.tick(board());
  refresh();
}

let frame = null;
const draw = () => { frame ??= requestAnimationFrame(render); };

function connect() {
  stop();
  const query = new URLSearchParams({ tenant, queues: queue, channel, window: params.get('window') || '30m' });
  stop = follow(query, {
    event(name, data) {
      if (name === 'ready') { set(empty, t('no_match')); intervals(); today(); }
      if (name === 'alerts') { alerts.take(data); draw(); }
      if (model.take(name, data, now())) draw();
    },
    state: connection(status, connect, draw),
  });
}

/** Read the day again: its record of today, and what it is compared with. */
async function today() {
  const get = async (path, query) => {
    const response = await fetch(`${path}?${new URLSearchParams(query)}`, { headers: headers(), cache: 'no-store' });
    return response.ok ? response.json() : null;
  };
  try {
    const [records, days] = await Promise.all([
      get('/api/kpis', { tenant, queues: queue, channel, window: 'today' }), get('/api/compared', { tenant, queue, channel })]);
    day = records?.kpis.find((record) => record.queue === queue) ?? day;
    if (day) {
      day.window = 'today';
      served.show(day);
      topics.show(day);
    }
    if (days) {
      compared.show(days);
      plots.beside(days);
    }
  } catch { /* the event stream reports the lost connection */ }
}

/** Read the intervals again; a failure leaves the plots as they are, the alarm says why. */
async function intervals() {
  try {
    const response = await fetch(`/api/intervals?${new URLSearchParams({ tenant, queue, channel })}`, { headers: headers(), cache: 'no-store' });
    if (!response.ok) return;
    const items = (await response.json()).intervals;
    plots.show(items);
    const box = document.querySelector('.table-box');
    box.setAttribute('aria-label', t('history'));
    box.replaceChildren(table(items, channel));
  } catch { /* the event stream reports the lost connection */ }
}

function tick() {
  const entry = model.entries.get(id);
  model.judge(now());
  if (card && entry?.record) {
    card.tick(entry, now(), board());
    for (const figure of timed) figure.tick(raw(figure.id, entry.record), now());
  }
  status.tick(board());
  setTimeout(tick, 1000 - (now() % 1000));
}

document.addEventListener('click', (event) => {
  const node = event.target.closest('[data-figure]');
  if (!node) return;
  const quality = node.closest('.quality');
  const source = { quality: model.status?.quality, definitions: null };
  const { topic } = node.dataset;
  const find = () => quality ? source : topic !== undefined ? topics.of(topic) : node.closest('.one-served') ? day : model.entries.get(id)?.record;
  if (find()) explain(dialog, node.dataset.figure, find, { now, board, place: placeOf });
});

links();
connect();
tick();
setInterval(() => { intervals(); today(); }, INTERVALS_MS);
