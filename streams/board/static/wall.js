// The wall: worst queue first and biggest, drawn once a frame from what changed.

import { attr, count, el, set, t, translate } from './texts.js';
import { freshness, worstFirst } from './judge.js';
import { Card, TicketCard, TicketRow } from './cards.js';
import { cells, fitting } from './names.js';
import { Alerts } from './alerts.js';
import { Model } from './model.js';
import { Status } from './status.js';
import { explain, isOpen, refresh } from './explain.js';
import { follow, headers, now } from './stream.js';
import { Controls, connection, pageAddress, placeOf } from './controls.js';

// the order changes at most this often: a wall that dances is not read; hundreds of rows move seldom
const REORDER_MS = 3_000;
const REORDER_MANY_MS = 10_000;
const MANY = 60;
const DRAW_MS = 200;
const DAYS_MS = 60_000;
const ROOMY = 7; // up to so many cards all are cards
const BUSY_CARDS = 4; // above that: the hero, three cards, and rows
const MOST_ROWS = 600; // more are not read by anybody, and not drawn
const FEW_TENANTS = 3; // the totals of more stand below the queues
const NARROW_CELLS = 13; // names that fit into a third of the width, and in two lines
const NARROW_LINES = 26;

translate();
const model = new Model();
const status = new Status(document);
const wall = document.querySelector('#queues');
const others = document.querySelector('#others');
const rows = others.querySelector('.rows:nth-child(2)');
const heads = others.querySelector('.rows:first-child');
const more = others.querySelector('.more');
const totals = document.querySelector('.totals');
const totalsHeading = document.querySelector('[data-text=totals]');
const empty = document.querySelector('.empty');
const dialog = document.querySelector('.explain');
const toQuality = document.querySelector('.page-link');
const chosen = document.querySelector('.chosen');
const cards = new Map(); // id + form → card
let order = [];
let orderedAt = -Infinity;
let complete = false;
let stop = () => {};

const CONTACT_HEADS = ['queue', 'waiting', 'oldest_wait', 'service_level', 'abandonment', 'aht', 'occupancy', 'agents', 'hour'];
const CHANNELS = ['voice', 'chat', 'ticket'];
const TICKET_HEADS = ['queue', 'at_risk', 'breached_open', 'next_due', 'resolution_in_time', 'backlog', 'first_response'];
totals.setAttribute('aria-label', t('totals'));
wall.setAttribute('aria-label', t('worst'));
others.setAttribute('aria-label', t('others'));

let days = { id: null, found: null, at: -Infinity }; // what the worst queue's day is compared with

const controls = new Controls(() => connect());
const alerts = new Alerts(document, controls.form.elements.sound);
let names = { key: '', queues: new Map(), tenants: new Map(), widest: 0 };

/** What all cards need to know of the whole. */
const board = () => ({
  staleMs: model.staleMs,
  tenants: model.tenants().length,
  newest: model.newest(),
  heard: model.heardMs,
  oldest: (record) => model.oldest(record),
  queueName: (name) => names.queues.get(name) ?? name,
  tenantName: (name) => names.tenants.get(name) ?? name,
});

/** Fit the names again where there are others than before. */
function fitNames() {
  const all = model.all();
  const queues = [...new Set(all.map(({ record }) => record.queue))];
  const tenants = model.tenants();
  const key = JSON.stringify([queues, tenants]);
  if (key === names.key) return;
  names = { key, queues: fitting(queues), tenants: fitting(tenants, 14), widest: 0 };
  for (const text of names.queues.values()) names.widest = Math.max(names.widest, cells(text));
  for (const card of cards.values()) card.updated = null;
}

/** The line above rows: their columns, and in the place of "Queue" what they are. */
function head(ids, first) {
  const words = ids.map((id) => el('span', '', id === 'queue' && first ? first : t(`short_${id}`)));
  return el('p', ids === TICKET_HEADS ? 'rows-head rows-head-ticket' : 'rows-head', ...words);
}

function cardOf(entry, form) {
  const key = `${form} ${entry.id}`;
  let card = cards.get(key);
  if (!card) {
    card = form === 'ticket' ? new TicketCard(entry) : form === 'ticket-tile' ? new TicketRow(entry) : new Card(entry, form);
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

/**
 * Which form each entry has, by rank. Tickets have one card where there is one tenant, and never
 * that of a queue; with several tenants they are a row among the totals.
 */
function layout(many) {
  const onlyTickets = controls.filter.channel === 'ticket';
  const ticketEntries = model.tickets(now());
  const beside = onlyTickets || many ? [] : ticketEntries;
  const roomy = order.length + beside.length <= ROOMY;
  const big = roomy ? order : order.slice(0, BUSY_CARDS - beside.length);
  const isTicket = ({ record }) => record.channel === 'ticket';
  const form = (entry, index) => isTicket(entry) ? 'ticket' : index === 0 ? 'hero' : 'card';
  const rest = order.slice(big.length);
  const whole = model.totals();
  return {
    top: [...big.map((entry, index) => [entry, form(entry, index)]), ...beside.map((entry) => [entry, 'ticket'])],
    small: rest.slice(0, MOST_ROWS).map((entry) => [entry, isTicket(entry) ? 'ticket-tile' : 'tile']),
    undrawn: Math.max(0, rest.length - MOST_ROWS),
    whole: many ? [...whole.map((entry) => [entry, 'tile']), ...ticketEntries.map((entry) => [entry, 'ticket-tile'])]
      : whole.map((entry) => [entry, 'total']),
  };
}

/** Totals of one tenant are cards; of several, a column a channel with a row a tenant. */
function arrangeTotals(whole, nodes, many) {
  attr(totals, 'data-many', many ? '' : null);
  if (!many) {
    if (totals.querySelector('.rows')) totals.replaceChildren();
    arrange(totals, nodes);
    return;
  }
  const columns = new Map();
  for (const channel of CHANNELS) if (whole.some(([{ record }]) => record.channel === channel)) columns.set(channel, []);
  whole.forEach(([{ record }], index) => columns.set(record.channel, [...columns.get(record.channel) ?? [], nodes[index]]));
  const key = [...columns.keys()].join();
  if (totals.dataset.columns !== key || !totals.querySelector('.rows')) {
    totals.dataset.columns = key;
    totals.replaceChildren(...[...columns.keys()].map((channel) => {
      const title = head(channel === 'ticket' ? TICKET_HEADS : CONTACT_HEADS.slice(0, -1), t(channel));
      title.setAttribute('aria-hidden', 'true');
      return el('div', 'totals-column', title, el('div', 'rows'));
    }));
  }
  [...columns.values()].forEach((some, index) => arrange(totals.children[index].lastChild, some));
}

function render() {
  frame = null;
  const started = drawnAt = performance.now();
  if (model.status) status.status = model.status;
  fitNames();
  reorder();
  const nowMs = now();
  const info = board();
  const many = info.tenants > 1;
  const { top, small, undrawn, whole } = layout(many);
  const used = new Set();
  const nodes = (list) => list.map(([entry, form]) => {
    const card = cardOf(entry, form);
    used.add(`${form} ${entry.id}`);
    if (form.startsWith('ticket') || card.updated === null || model.dirty.has(entry.id)) {
      card.update(entry, nowMs, info);
      card.updated = nowMs;
    }
    return card.node;
  });
  const [topNodes, smallNodes, wholeNodes] = [nodes(top), nodes(small), nodes(whole)];
  arrange(wall, topNodes);
  arrange(rows, smallNodes);
  arrangeTotals(whole, wholeNodes, many);
  placeTotals(info.tenants > FEW_TENANTS);
  for (const [key, card] of cards) if (!used.has(key)) { card.node.remove(); cards.delete(key); }
  model.dirty.clear();
  const beside = topNodes.length - 1; // the hero takes 2 × 2 cells; an odd card stands tall
  const hero = top[0]?.[1] === 'hero';
  if (hero) compareHero(cardOf(...top[0]), top[0][0]);
  attr(wall, 'data-odd', hero && !small.length && beside % 2 === 1 ? '' : null);
  attr(wall, 'data-tall', !hero && topNodes.length <= 3 ? '' : null);
  attr(wall, 'hidden', topNodes.length ? null : '');
  variable('--columns', hero ? 2 + Math.ceil(beside / 2) : topNodes.length <= 3 ? topNodes.length : Math.ceil(topNodes.length / 2));
  variable('--beside', beside);
  shapeRows(small, many);
  attr(document.body, 'data-tenants', many ? 'many' : null);
  attr(document.body, 'data-density', small.length ? 'busy' : 'roomy');
  attr(document.body, 'data-few', small.length <= MANY ? '' : null);
  attr(others, 'hidden', small.length ? null : '');
  attr(totals, 'hidden', wholeNodes.length ? null : '');
  attr(more, 'hidden', undrawn ? null : '');
  set(more, undrawn ? t('not_drawn', { n: count(undrawn) }) : '');
  const shown = topNodes.length + wholeNodes.length;
  attr(empty, 'hidden', shown ? '' : null);
  if (!shown) set(empty, emptyText());
  alerts.draw(model.status?.alerts, cards.values());
  tally(nowMs);
  controls.tenants(model.tenants());
  set(chosen, controls.chosen());
  attr(toQuality, 'href', pageAddress('/quality'));
  status.tick(info);
  refresh();
  document.documentElement.dataset.renderMs = (performance.now() - started).toFixed(1);
}

/** The totals of few tenants stand above the queues, those of many below. */
function placeTotals(below) {
  const main = totals.parentElement;
  const there = main.lastElementChild === totals;
  if (below && !there) main.append(totalsHeading, totals);
  if (!below && there) main.prepend(totalsHeading, totals);
}

/** Three columns of rows where the names are short; two where they need the room. */
function shapeRows(small, many) {
  const tickets = small.length > 0 && small[0][1] === 'ticket-tile';
  const narrow = many ? names.widest <= NARROW_CELLS : names.widest <= NARROW_LINES;
  attr(document.body, 'data-rows', tickets || !narrow ? 'wide' : names.widest <= NARROW_CELLS ? 'narrow' : 'lines');
  const kind = tickets ? 'ticket' : 'contact';
  if (heads.dataset.kind === kind) return;
  heads.dataset.kind = kind;
  heads.replaceChildren(...[0, 1, 2].map(() => head(tickets ? TICKET_HEADS : CONTACT_HEADS)));
}

function emptyText() {
  if (!complete || status.connection.state === 'lost') return t('loading');
  if (model.status?.kafka.state === 'loading') return t('kafka_loading');
  return t(model.status?.records ? 'no_match' : 'no_data');
}

/** How many cards and rows say what; those that are not drawn are counted too. */
function tally(nowMs) {
  const line = document.querySelector('.tally');
  const counts = { far: 0, off: 0, on: 0, idle: 0, stale: 0 };
  const tickets = model.tenants().length > 1 || controls.filter.channel === 'ticket' ? [] : model.tickets(nowMs);
  for (const { record, verdict } of [...order, ...tickets]) {
    counts[freshness(model.oldest(record).as_of, nowMs, model.staleMs).state === 'fresh' ? verdict.level : 'stale'] += 1;
  }
  for (const level of Object.keys(counts)) {
    let item = line.querySelector(`[data-level=${level}]`);
    if (!item) {
      item = line.appendChild(el('span', 'tally-item'));
      item.dataset.level = level;
    }
    attr(item, 'hidden', counts[level] ? null : '');
    attr(item, 'data-count', counts[level]);
    set(item, t(`tally_${level}`, { n: count(counts[level]) }));
  }
}

/** Read what the hero's day is compared with: when it is another queue, and every minute. */
async function compareHero(card, { id, record }) {
  if (days.id === id) card.compare(days.found);
  if (days.id === id && performance.now() - days.at < DAYS_MS) return;
  days = { id, found: days.id === id ? days.found : null, at: performance.now() };
  if (!days.found) card.compare(null);
  const { tenant, queue, channel } = record;
  try {
    const response = await fetch(`/api/compared?${new URLSearchParams({ tenant, queue, channel })}`, { headers: headers(), cache: 'no-store' });
    const found = response.ok ? await response.json() : null;
    if (days.id !== id) return;
    days.found = found;
    draw();
  } catch { /* the event stream reports the lost connection */ }
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
      if (name === 'alerts') { alerts.take(data); draw(); }
      if (model.take(name, data, now())) draw();
    },
    state: connection(status, connect, draw),
  });
}

function tick() {
  const nowMs = now();
  const info = board();
  model.judge(nowMs);
  const tickets = new Map(model.tickets(nowMs).map((entry) => [entry.id, entry]));
  for (const [key, card] of cards) {
    const id = key.slice(key.indexOf(' ') + 1);
    const entry = tickets.get(id) ?? model.entries.get(id);
    if (entry?.record) card.tick(entry, nowMs, info);
  }
  tally(nowMs);
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
  if (find()) explain(dialog, id, quality ? constant(find()) : find, { now, board, place: placeOf });
});

const constant = (value) => () => value;

connect();
tick();
