// A queue on the page: `hero` (the worst), `card`, `tile` (dense), `total` (all queues of a channel).
// A card is built once and then only touched where a value changed.

import { ageText, attr, count, el, set, t } from './texts.js';
import { MARKS, staffed, worstFirst } from './judge.js';
import { Figure } from './figures.js';
import { draw, spark } from './spark.js';

const STATES = ['on_contact', 'wrapup', 'ringing', 'available', 'break', 'error', 'unknown', 'offline'];
const METER_LOW = 0.5; // the occupancy meter shows 50–100 %, where the band is

/** Address of a queue's own page, with the filters that stay. */
export function queueAddress(record) {
  const here = new URLSearchParams(location.search);
  const query = new URLSearchParams({ tenant: record.tenant, queue: record.queue, channel: record.channel });
  for (const name of ['window', 'theme', 'lang', 'kiosk']) if (here.get(name)) query.set(name, here.get(name));
  return `/queue?${query}`;
}

/** Name, channel and level of a card; shared with the ticket tile. */
export class Head {
  constructor(record, form) {
    const name = record.queue === '_all' ? t(record.channel) : record.queue;
    const label = form === 'total' ? el('span', '', name) : el('a', '', name);
    if (form !== 'total') label.href = queueAddress(record);
    this.title = el('h3', 'card-name', label);
    this.tenant = el('span', 'card-tenant');
    this.mark = el('span', 'chip-mark');
    this.mark.setAttribute('aria-hidden', 'true');
    this.text = el('span', 'chip-text');
    this.chip = el('span', 'chip', this.mark, this.text);
    if (form === 'tile') { // a row has room for the age alone; the words are there for screen readers
      this.age = el('span', 'chip-age');
      this.age.setAttribute('aria-hidden', 'true');
      this.chip.append(this.age);
    }
    this.node = el('header', 'card-head', this.title, this.tenant, this.chip);
  }

  update(card, record, verdict, ageMs, staleMs, tenants) {
    set(this.tenant, [record.queue === '_all' ? '' : t(record.channel), tenants > 1 ? record.tenant : ''].filter(Boolean).join(' · '));
    const stale = ageMs > staleMs;
    attr(card, 'data-stale', stale ? '' : null);
    attr(card, 'data-level', verdict.level);
    set(this.mark, MARKS[stale ? 'stale' : verdict.level]);
    if (this.age) set(this.age, stale ? `${MARKS.stale} ${ageText(ageMs)}` : '');
    set(this.text, stale ? t('stale', { age: ageText(ageMs) }) : t(`level_${verdict.level}`));
  }
}

/** Agents by state: a bar of those at work, and the counts in words. */
class Agents {
  constructor(plain) {
    this.figure = new Figure('agents', { plain, className: 'fig-agents' });
    this.bar = el('span', 'agents-bar');
    this.bar.setAttribute('aria-hidden', 'true');
    this.list = el('span', 'agents-list');
    this.parts = STATES.map((state) => {
      const block = el('span', `agents-block state-${state}`);
      this.bar.append(block);
      if (plain) return { state, block };
      const number = el('b');
      const swatch = el('i', `swatch state-${state}`);
      const item = el('span', 'agents-item', swatch, number, ` ${t(state)} `);
      this.list.append(item);
      return { state, block, number, item };
    });
    this.figure.node.append(this.bar, ...(plain ? [] : [this.list]));
  }

  update(agents) {
    const working = staffed(agents);
    const all = STATES.reduce((sum, state) => sum + agents[state], 0);
    attr(this.figure.value, 'data-value', all);
    this.figure.text.data = count(working);
    for (const { state, block, number, item } of this.parts) {
      const n = agents[state];
      attr(block, 'hidden', n === 0 || state === 'offline' ? '' : null);
      if (block.style.flexGrow !== String(n)) block.style.flexGrow = n;
      if (this.figure.plain) continue;
      attr(item, 'hidden', n === 0 ? '' : null);
      attr(item, 'data-count', n);
      set(number, count(n));
    }
  }
}

/** The band of occupancy as a meter: band shaded, limit marked, a needle at the value. */
class Meter {
  constructor() {
    this.band = el('span', 'meter-band');
    this.limit = el('span', 'meter-limit');
    this.fill = el('span', 'meter-fill');
    this.node = el('span', 'meter', this.band, this.fill, this.limit);
    this.node.setAttribute('aria-hidden', 'true');
  }

  update(ratio, aim) {
    const at = (value) => `${Math.min(100, Math.max(0, (value - METER_LOW) / (1 - METER_LOW) * 100)).toFixed(1)}%`;
    attr(this.fill, 'hidden', ratio == null ? '' : null);
    if (ratio != null) this.fill.style.width = at(ratio);
    const known = aim.occupancy_low != null && aim.occupancy_high != null && aim.occupancy_limit != null;
    attr(this.band, 'hidden', known ? null : '');
    attr(this.limit, 'hidden', known ? null : '');
    if (!known) return;
    this.band.style.left = at(aim.occupancy_low);
    this.band.style.width = `${(aim.occupancy_high - aim.occupancy_low) / (1 - METER_LOW) * 100}%`;
    this.limit.style.left = at(aim.occupancy_limit);
  }
}

/** The last hour of one measure with its caption. */
class Sparkline {
  constructor(kind, caption) {
    this.kind = kind;
    this.svg = spark(kind);
    this.note = el('span', 'spark-note');
    this.drawn = null; // what is on the screen: history comes once a minute, figures each second
    this.node = el('div', 'spark-box', ...(caption ? [el('span', 'spark-caption', caption), this.note] : []), this.svg);
  }

  update(values, targetLevel) {
    if (values === this.drawn && targetLevel === this.aim) return;
    this.drawn = values;
    this.aim = targetLevel;
    const known = (values ?? []).filter((value) => value != null);
    attr(this.node, 'data-empty', known.length ? null : '');
    if (!known.length) { set(this.note, t('no_history')); return; }
    const peak = Math.max(...known);
    if (this.kind === 'waiting') {
      draw(this.svg, values, 0, Math.max(4, peak));
      set(this.note, t('peak', { n: count(peak) }));
    } else {
      draw(this.svg, values, Math.min(0.5, ...known), 1, targetLevel);
      set(this.note, '');
    }
  }
}

export class Card {
  constructor(entry, form) {
    const { record } = entry;
    this.form = form;
    this.head = new Head(record, form);
    const plain = form === 'tile';
    const figure = (id, className) => new Figure(id, { plain, className });
    this.figures = [figure('waiting', 'fig-big'), figure('oldest_wait', 'fig-big')];
    const middle = ['service_level', 'abandonment', 'aht'].map((id) => figure(id));
    if (form === 'hero') middle.push(...['wait_mean', 'offered', 'abandoned'].map((id) => figure(id)));
    const occupancy = figure('occupancy', 'fig-occupancy');
    this.meter = new Meter();
    if (!plain) occupancy.node.append(this.meter.node);
    this.agents = new Agents(plain);
    this.figures.push(...middle, occupancy);
    this.node = el('article', `card form-${form}`, this.head.node,
      el('div', 'card-now', ...this.figures.slice(0, 2).map((one) => one.node)),
      el('div', 'card-figures', ...middle.map((one) => one.node)),
      el('div', 'card-staff', occupancy.node, this.agents.figure.node));
    this.node.dataset.key = entry.id;
    this.node.setAttribute('aria-label', `${record.queue === '_all' ? t(record.channel) : record.queue}, ${t(record.channel)}`);
    if (form !== 'total') {
      this.sparks = [new Sparkline('waiting', plain ? '' : t('spark_waiting'))];
      if (form === 'hero') this.sparks.push(new Sparkline('level', t('spark_level')));
      this.node.append(el('div', 'card-sparks', ...this.sparks.map((one) => one.node)));
    }
  }

  /** Show a record. `board` has staleMs and the number of tenants. */
  update(entry, nowMs, board) {
    const { record, verdict, history } = entry;
    for (const figure of this.figures) figure.update(record, nowMs, verdict.levels[figure.id]);
    if (this.form !== 'tile') this.meter.update(record.figures?.occupancy_ratio ?? null, record.definitions.targets);
    this.agents.update(record.live.agents);
    this.sparks?.[0].update(history?.waiting);
    this.sparks?.[1]?.update(history?.service_level, record.definitions.targets.service_level);
    this.head.update(this.node, record, verdict, nowMs - record.as_of, board.staleMs, board.tenants);
  }

  /** Only what time changes: the oldest wait, the levels, the age. */
  tick(entry, nowMs, board) {
    const { record, verdict } = entry;
    const oldest = this.figures[1];
    oldest.tick(record.live.oldest_waiting_at, nowMs);
    oldest.judge(verdict.levels.oldest_wait);
    this.head.update(this.node, record, verdict, nowMs - record.as_of, board.staleMs, board.tenants);
  }
}

/** Tickets: the stock, its oldest, and the two times; the queues below it, most open first. */
export class TicketCard {
  constructor(entry) {
    this.form = 'ticket';
    const { record } = entry;
    this.head = new Head(record, record.queue === '_all' ? 'total' : 'ticket');
    const figure = (id, className) => new Figure(id, { long: true, className });
    this.figures = [figure('backlog', 'fig-big'), figure('oldest_open', 'fig-big'), figure('first_response'), figure('resolution_time')];
    this.stock = el('p', 'ticket-stock');
    this.list = el('ul', 'ticket-queues');
    this.node = el('article', 'card form-ticket', this.head.node,
      el('div', 'card-now', ...this.figures.slice(0, 2).map((one) => one.node)), this.stock,
      el('div', 'card-figures', ...this.figures.slice(2).map((one) => one.node)), this.list);
    this.node.dataset.key = entry.id;
    this.node.setAttribute('aria-label', record.queue === '_all' ? t('tickets') : record.queue);
  }

  update(entry, nowMs, board) {
    const { record, verdict, parts } = entry;
    for (const figure of this.figures) figure.update(record, nowMs, verdict.levels[figure.id]);
    const stock = record.live.backlog;
    set(this.stock, stock ? ['open', 'pending', 'on_hold'].map((state) => `${count(stock[state])} ${t(state)}`).join('  ·  ') : '');
    this.head.update(this.node, record, verdict, nowMs - record.as_of, board.staleMs, board.tenants);
    const shownParts = worstFirst([...(parts ?? [])], nowMs, board.staleMs).slice(0, 4);
    while (this.list.children.length > shownParts.length) this.list.lastChild.remove();
    shownParts.forEach((part, index) => {
      const item = this.list.children[index] ?? this.list.appendChild(el('li', '', el('a'), el('b'), el('span')));
      const [link, number, level] = item.children;
      set(link, part.record.queue);
      attr(link, 'href', queueAddress(part.record));
      set(number, count(part.record.live.backlog ? part.record.live.backlog.open + part.record.live.backlog.pending + part.record.live.backlog.on_hold : null));
      set(level, MARKS[part.verdict.level]);
      attr(level, 'data-level', part.verdict.level);
      attr(level, 'role', 'img');
      attr(level, 'aria-label', t(`level_${part.verdict.level}`));
    });
  }

  tick(entry, nowMs, board) {
    this.figures[1].tick(entry.record.live.oldest_open_at, nowMs);
    this.head.update(this.node, entry.record, entry.verdict, nowMs - entry.record.as_of, board.staleMs, board.tenants);
  }
}
