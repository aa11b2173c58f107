// One queue: its card, all its figures, and the 15-minute intervals as plots and as a table.

import { attr, el, set, t, translate } from './texts.js';
import { Card, TicketCard } from './cards.js';
import { Figure } from './figures.js';
import { Alerts } from './alerts.js';
import { Model, idOf } from './model.js';
import { Status } from './status.js';
import { explain, refresh } from './explain.js';
import { follow, headers, now } from './stream.js';
import { appearance, askToken, placeOf } from './controls.js';
import { Plots, table } from './plots.js';

const INTERVALS_MS = 30_000;
const WINDOWS = ['1m', '5m', '15m', '30m', '60m', 'today'];
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
const figures = MORE[channel].map((name) => new Figure(name));
let card = null;
let stop = () => {};

document.title = `${queue} · ${t('title')}`;
set(document.querySelector('h1'), queue === '_all' ? t('totals') : queue);
more.append(...figures.map((figure) => figure.node));
more.dataset.key = id;

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
      if (name === 'ready') { set(empty, t('no_match')); intervals(); }
      if (name === 'alerts') { alerts.take(data); draw(); }
      if (model.take(name, data, now())) draw();
    },
    state(state, detail) {
      if (state === 'token') { askToken(connect); return; }
      status.connected(state, detail);
      draw();
    },
  });
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
  if (card && entry?.record) card.tick(entry, now(), board());
  status.tick(board());
  setTimeout(tick, 1000 - (now() % 1000));
}

document.addEventListener('click', (event) => {
  const node = event.target.closest('[data-figure]');
  if (!node) return;
  const quality = node.closest('.quality');
  const source = { quality: model.status?.quality, definitions: null };
  const find = () => quality ? source : model.entries.get(id)?.record;
  if (find()) explain(dialog, node.dataset.figure, find, { now, board, place: placeOf });
});

links();
connect();
tick();
setInterval(intervals, INTERVALS_MS);
