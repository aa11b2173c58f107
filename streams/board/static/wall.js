// The wall: worst queue first and biggest, drawn once a frame from what changed.

import { attr, el, set, t, translate } from './texts.js';
import { worstFirst } from './judge.js';
import { Card, TicketCard } from './cards.js';
import { Model } from './model.js';
import { Status } from './status.js';
import { explain, isOpen, refresh } from './explain.js';
import { follow, now } from './stream.js';
import { Controls, askToken, placeOf } from './controls.js';

// the order changes at most this often: a wall that dances is not read; hundreds of rows move seldom
const REORDER_MS = 3_000;
const REORDER_MANY_MS = 10_000;
const MANY = 60;
const DRAW_MS = 200;
const ROOMY = 7; // up to so many queues all are cards
const BUSY_CARDS = 3; // above that: the hero, two cards, and dense tiles

translate();
const model = new Model();
const status = new Status(document);
const wall = document.querySelector('#queues');
const others = document.querySelector('#others');
const rows = others.querySelector('.rows:last-child');
const totals = document.querySelector('.totals');
const empty = document.querySelector('.empty');
const dialog = document.querySelector('.explain');
const cards = new Map(); // id + form → card
let order = [];
let orderedAt = -Infinity;
let complete = false;
let stop = () => {};

totals.setAttribute('aria-label', t('totals'));
wall.setAttribute('aria-label', t('worst'));
others.setAttribute('aria-label', t('others'));
for (const head of document.querySelectorAll('.rows-head')) {
  head.append(...['queue', 'waiting', 'oldest_wait', 'service_level', 'abandonment', 'aht', 'occupancy', 'agents', 'hour'].map((id) => el('span', '', t(`short_${id}`))));
}

const controls = new Controls(() => connect());
const board = () => ({ staleMs: model.staleMs, tenants: model.tenants().length, newest: model.newest() });

function cardOf(entry, form) {
  const key = `${form} ${entry.id}`;
  let card = cards.get(key);
  if (!card) {
    card = form === 'ticket' ? new TicketCard(entry) : new Card(entry, form);
    card.updated = null;
    cards.set(key, card);
  }
  return card;
}

/** Put exactly these nodes into a parent, in this order; those in place are not touched. */
function arrange(parent, nodes) {
  const keep = new Set(nodes);
  for (const child of [...parent.children]) if (!keep.has(child)) child.remove();
  let next = parent.firstElementChild;
  for (const node of nodes) {
    if (node === next) next = next.nextElementSibling;
    else parent.insertBefore(node, next);
  }
}

/** A number for the style sheet; set only if it differs, because all cards inherit it. */
function variable(name, value) {
  if (wall.style.getPropertyValue(name) !== String(value)) wall.style.setProperty(name, value);
}

const busyReading = () => isOpen() || document.querySelector('main :focus-visible') !== null;

function reorder() {
  const moment = performance.now();
  const due = moment - orderedAt >= (order.length > MANY ? REORDER_MANY_MS : REORDER_MS);
  const known = new Set(order.map((entry) => entry.id));
  const queues = model.queues(controls.filter.channel === 'ticket');
  const sameSet = queues.length === order.length && queues.every((entry) => known.has(entry.id));
  if (sameSet && (!due || busyReading())) return;
  orderedAt = moment;
  order = worstFirst(queues, now(), model.staleMs);
}

/** Which form each entry has, by rank. */
function layout() {
  const onlyTickets = controls.filter.channel === 'ticket';
  const ticketEntries = onlyTickets ? [] : model.tickets(now());
  const big = order.length <= ROOMY ? order : order.slice(0, BUSY_CARDS);
  const small = order.slice(big.length);
  const form = (entry, index) => entry.record.channel === 'ticket' ? 'ticket' : index === 0 ? 'hero' : 'card';
  const top = [...big.map((entry, index) => [entry, form(entry, index)]), ...ticketEntries.map((entry) => [entry, 'ticket'])];
  const whole = model.totals();
  return { top, small: small.map((entry) => [entry, 'tile']), whole: whole.length <= 4 ? whole.map((entry) => [entry, 'total']) : [] };
}

function render() {
  frame = null;
  const started = drawnAt = performance.now();
  if (model.status) status.status = model.status;
  reorder();
  const { top, small, whole } = layout();
  const shown = [...top, ...small, ...whole];
  const nowMs = now();
  const info = board();
  const used = new Set();
  const nodes = (list) => list.map(([entry, form]) => {
    const card = cardOf(entry, form);
    used.add(`${form} ${entry.id}`);
    if (form === 'ticket' || card.updated === null || model.dirty.has(entry.id)) {
      card.update(entry, nowMs, info);
      card.updated = nowMs;
    }
    return card.node;
  });
  const [topNodes, smallNodes, wholeNodes] = [nodes(top), nodes(small), nodes(whole)];
  arrange(wall, topNodes);
  arrange(rows, smallNodes);
  arrange(totals, wholeNodes);
  for (const [key, card] of cards) if (!used.has(key)) { card.node.remove(); cards.delete(key); }
  model.dirty.clear();
  const beside = topNodes.length - 1; // the hero takes 2 × 2 cells; an odd card stands tall
  attr(wall, 'data-odd', !small.length && beside % 2 === 1 ? '' : null);
  variable('--columns', 2 + Math.ceil(beside / 2));
  variable('--beside', beside);
  attr(document.body, 'data-tenants', info.tenants > 1 ? 'many' : null);
  attr(document.body, 'data-density', small.length ? 'busy' : 'roomy');
  attr(others, 'hidden', small.length ? null : '');
  attr(totals, 'hidden', wholeNodes.length ? null : '');
  attr(empty, 'hidden', shown.length ? '' : null);
  if (!shown.length) set(empty, emptyText());
  tally();
  controls.tenants(model.tenants());
  status.tick(info);
  refresh();
  document.documentElement.dataset.renderMs = (performance.now() - started).toFixed(1);
}

function emptyText() {
  if (!complete || status.connection.state === 'lost') return t('loading');
  if (model.status?.kafka.state === 'loading') return t('kafka_loading');
  return t(model.status?.records ? 'no_match' : 'no_data');
}

function tally() {
  const line = document.querySelector('.tally');
  const counts = { far: 0, off: 0, on: 0 };
  for (const { verdict } of order) counts[verdict.level === 'idle' ? 'on' : verdict.level] += 1;
  for (const level of ['far', 'off', 'on']) {
    let item = line.querySelector(`[data-level=${level}]`);
    if (!item) {
      item = line.appendChild(el('span', 'tally-item'));
      item.dataset.level = level;
    }
    attr(item, 'hidden', counts[level] || (level === 'on' && order.length) ? null : '');
    set(item, t(`tally_${level}`, { n: counts[level] }));
  }
}

let frame = null;
let drawnAt = -Infinity;

/** Draw soon: what comes within a fifth of a second, such as the parts of one update, is one drawing. */
function draw() {
  frame ??= setTimeout(() => requestAnimationFrame(render), Math.max(0, drawnAt + DRAW_MS - performance.now()));
}

function connect() {
  stop();
  complete = false;
  orderedAt = -Infinity;
  stop = follow(controls.query(), {
    event(name, data) {
      if (name === 'ready') { complete = true; orderedAt = -Infinity; }
      if (model.take(name, data, now())) draw();
    },
    state(state, detail) {
      if (state === 'token') { askToken(connect); return; }
      status.connected(state, detail);
      draw();
    },
  });
}

function tick() {
  const nowMs = now();
  const info = board();
  model.judge(nowMs);
  for (const entry of model.tickets(nowMs)) cards.get(`ticket ${entry.id}`)?.tick(entry, nowMs, info);
  for (const [key, card] of cards) {
    const entry = model.entries.get(key.slice(key.indexOf(' ') + 1));
    if (entry?.record && card.form !== 'ticket') card.tick(entry, nowMs, info);
  }
  status.tick(info);
  if (performance.now() - orderedAt >= REORDER_MS) draw();
  setTimeout(tick, 1000 - (now() % 1000));
}

document.addEventListener('click', (event) => {
  const node = event.target.closest('[data-figure]');
  if (!node) return;
  const id = node.dataset.figure;
  const quality = node.closest('.quality');
  const key = node.closest('[data-key]')?.dataset.key;
  const find = () => quality ? model.status && { quality: model.status.quality, definitions: null }
    : model.entries.get(key)?.record ?? model.tickets(now()).find((entry) => entry.id === key)?.record;
  if (find()) explain(dialog, id, quality ? constant(find()) : find, { now, place: placeOf });
});

const constant = (value) => () => value;

connect();
tick();
