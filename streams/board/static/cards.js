// A queue on the page: `hero` (the worst), `card`, `tile` (a row), `total` (all queues of a channel).
// A card is built once and then only touched where a value changed.

import { attr, count, el, set, t } from './texts.js';
import { MARKS, backlog, occupancyOf, worstFirst } from './judge.js';
import { Figure, raw } from './figures.js';
import { Agents, Head, Meter, Sparkline, queueAddress } from './parts.js';

export class Card {
  constructor(entry, form) {
    const { record } = entry;
    this.form = form;
    this.head = new Head(record, form);
    const plain = form === 'tile';
    const figure = (id, className, label) => new Figure(id, { plain, className, label });
    this.figures = [figure('waiting', 'fig-big'), figure('oldest_wait', 'fig-big')];
    const middle = ['service_level', 'abandonment', 'aht'].map((id) => figure(id));
    if (form === 'hero') middle.push(...['wait_mean', 'offered', 'abandoned'].map((id) => figure(id)));
    this.occupancy = occupancyOf(record.channel);
    const slots = this.occupancy === 'slot_occupancy' ? t('slots') : undefined;
    const occupancy = figure(this.occupancy, 'fig-occupancy', slots);
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
      this.box = el('div', 'card-sparks', ...this.sparks.map((one) => one.node));
      this.node.append(this.box);
    }
  }

  /** Show a record; what `board` has, `Head.update` says. */
  update(entry, nowMs, board) {
    const { record, verdict, history } = entry;
    for (const figure of this.figures) figure.update(record, nowMs, verdict.levels[figure.id]);
    if (this.form !== 'tile') this.meter.update(raw(this.occupancy, record), record.definitions.targets);
    this.agents.update(record.live.agents);
    this.sparks?.[0].update(history?.waiting, undefined, record.live.waiting);
    if (this.box) attr(this.box, 'data-empty', history ? null : '');
    this.sparks?.[1]?.update(history?.service_level, record.definitions.targets.service_level);
    this.head.update(this.node, record, verdict, nowMs, board);
  }

  /** Only what time changes: the oldest wait, the levels, the age. */
  tick(entry, nowMs, board) {
    const { record, verdict } = entry;
    const oldest = this.figures[1];
    oldest.tick(record.live.oldest_waiting_at, nowMs);
    oldest.judge(verdict.levels.oldest_wait);
    this.head.update(this.node, record, verdict, nowMs, board);
  }
}

/** Tickets: the stock, its oldest, and the two times; the queues below it, worst first. */
export class TicketCard {
  constructor(entry) {
    this.form = 'ticket';
    const { record } = entry;
    this.head = new Head(record, 'ticket');
    const figure = (id, className) => new Figure(id, { form: 'long', className });
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
    set(this.stock, stock ? ['open', 'pending', 'on_hold'].map((state) => `${count(stock[state])} ${t(state)}`).join(' · ') : '');
    this.head.update(this.node, record, verdict, nowMs, board);
    const shownParts = worstFirst([...(parts ?? [])], nowMs, board.staleMs).slice(0, 4);
    while (this.list.children.length > shownParts.length) this.list.lastChild.remove();
    shownParts.forEach((part, index) => {
      const item = this.list.children[index] ?? this.list.appendChild(el('li', '', el('a'), el('b'), el('span')));
      const [link, number, level] = item.children;
      set(link, board.queueName(part.record.queue));
      attr(link, 'dir', 'auto');
      attr(link, 'href', queueAddress(part.record));
      set(number, count(backlog(part.record)));
      set(level, MARKS[part.verdict.level]);
      attr(level, 'data-level', part.verdict.level);
      attr(level, 'role', 'img');
      attr(level, 'aria-label', t(`level_${part.verdict.level}`));
    });
  }

  tick(entry, nowMs, board) {
    this.figures[1].tick(entry.record.live.oldest_open_at, nowMs);
    this.head.update(this.node, entry.record, entry.verdict, nowMs, board);
  }
}

/** Tickets as a row: of one queue, or of all of a tenant. */
export class TicketRow {
  constructor(entry) {
    this.form = 'ticket-tile';
    const { record } = entry;
    this.head = new Head(record, 'tile');
    this.figures = ['backlog', 'oldest_open', 'first_response', 'resolution_time'].map((id) => new Figure(id, { plain: true, form: 'long' }));
    this.node = el('article', 'card form-tile form-ticket-tile', this.head.node, ...this.figures.map((one) => one.node));
    this.node.dataset.key = entry.id;
    this.node.setAttribute('aria-label', record.queue === '_all' ? t('tickets') : record.queue);
  }

  update(entry, nowMs, board) {
    const { record, verdict } = entry;
    for (const figure of this.figures) figure.update(record, nowMs, verdict.levels[figure.id]);
    this.head.update(this.node, record, verdict, nowMs, board);
  }

  tick(entry, nowMs, board) {
    this.figures[1].tick(entry.record.live.oldest_open_at, nowMs);
    this.head.update(this.node, entry.record, entry.verdict, nowMs, board);
  }
}
