// Service quality of today: a row for each queue and channel of which anything was told.

import { attr, count, el, set, t, translate } from './texts.js';
import { ServedRow, anyServed, servedHead } from './served.js';
import { fitting } from './names.js';
import { Alerts } from './alerts.js';
import { Model } from './model.js';
import { Status } from './status.js';
import { explain, refresh } from './explain.js';
import { follow, now } from './stream.js';
import { Controls, connection, pageAddress, placeOf } from './controls.js';

const WINDOW = 'today';
const MOST_ROWS = 400; // more are not read by anybody, and not drawn
const DRAW_MS = 500; // these figures are slow
const CHANNELS = { voice: 0, chat: 1, ticket: 2 };

translate();
const model = new Model();
const status = new Status(document);
const alerts = new Alerts(document);
const list = document.querySelector('.served');
const more = document.querySelector('.more');
const empty = document.querySelector('.empty');
const dialog = document.querySelector('.explain');
const chosen = document.querySelector('.chosen');
const back = document.querySelector('.back');
const rows = new Map();
let complete = false;
let stop = () => {};
let names = { key: '', queues: new Map(), tenants: new Map() };

document.title = `${t('service_quality')} · ${t('title')}`;
list.setAttribute('aria-label', t('quality_today'));
list.append(servedHead());
const controls = new Controls(() => connect());

const board = () => ({
  staleMs: model.staleMs,
  tenants: model.tenants().length,
  newest: model.newest(),
  heard: model.heardMs,
  oldest: (record) => model.oldest(record),
  queueName: (name) => names.queues.get(name) ?? name,
  tenantName: (name) => names.tenants.get(name) ?? name,
});

/** All of a channel before its queues, tenant by tenant. */
const inOrder = ({ record: a }, { record: b }) => a.tenant.localeCompare(b.tenant) || CHANNELS[a.channel] - CHANNELS[b.channel]
  || (b.queue === '_all') - (a.queue === '_all') || a.queue.localeCompare(b.queue);

function fitNames(entries) {
  const queues = [...new Set(entries.map(({ record }) => record.queue))];
  const key = JSON.stringify([queues, model.tenants()]);
  if (key === names.key) return;
  names = { key, queues: fitting(queues, 30), tenants: fitting(model.tenants(), 14) };
  for (const row of rows.values()) row.updated = false;
}

function render() {
  frame = null;
  drawnAt = performance.now();
  status.status = model.status;
  const told = model.all().filter(({ record }) => anyServed(record)).sort(inOrder);
  fitNames(told);
  const info = board();
  const shown = told.slice(0, MOST_ROWS);
  const nodes = [];
  const used = new Set();
  for (const entry of shown) {
    let row = rows.get(entry.id);
    if (!row) rows.set(entry.id, row = new ServedRow(entry));
    used.add(entry.id);
    if (!row.updated || model.dirty.has(entry.id)) row.update(entry, now(), info);
    row.updated = true;
    nodes.push(row.node);
  }
  model.dirty.clear();
  for (const [id, row] of rows) if (!used.has(id)) { row.node.remove(); rows.delete(id); }
  nodes.forEach((node, index) => { if (list.children[index + 1] !== node) list.insertBefore(node, list.children[index + 1] ?? null); });
  attr(list, 'hidden', nodes.length ? null : '');
  attr(more, 'hidden', told.length > shown.length ? null : '');
  set(more, t('rows_left', { n: count(told.length - shown.length) }));
  attr(empty, 'hidden', nodes.length ? '' : null);
  if (!nodes.length) set(empty, t(!complete || model.status?.kafka.state === 'loading' ? 'loading' : 'quality_empty'));
  controls.tenants(model.tenants());
  set(chosen, controls.chosen(WINDOW));
  attr(back, 'href', pageAddress('/'));
  alerts.draw(model.status?.alerts, []);
  status.tick(info);
  refresh();
}

let frame = null;
let drawnAt = -Infinity;
function draw() {
  frame ??= setTimeout(() => requestAnimationFrame(render), Math.max(0, drawnAt + DRAW_MS - performance.now()));
}

function connect() {
  stop();
  complete = false;
  const query = controls.query();
  query.set('window', WINDOW);
  stop = follow(query, {
    event(name, data) {
      if (name === 'ready') complete = true;
      if (name === 'alerts') alerts.take(data);
      if (model.take(name, data, now()) || name === 'alerts') draw();
    },
    state: connection(status, connect, draw),
  });
}

function tick() {
  const info = board();
  for (const [id, row] of rows) {
    const entry = model.entries.get(id);
    if (entry?.record) row.tick(entry, now(), info);
  }
  status.tick(info);
  setTimeout(tick, 1000 - (now() % 1000));
}

document.addEventListener('click', (event) => {
  const node = event.target.closest('[data-figure]');
  if (!node) return;
  const quality = node.closest('.quality');
  const source = { quality: model.status?.quality, definitions: null };
  const key = node.closest('[data-key]')?.dataset.key;
  const find = () => {
    if (quality) return source;
    const record = model.entries.get(key)?.record;
    return record && Object.assign(record, { window: WINDOW });
  };
  if (find()) explain(dialog, node.dataset.figure, find, { now, board, place: placeOf });
});

connect();
tick();
