// A queue on the page: `hero` (the worst), `card`, `tile` (a row), `total` (all queues of a channel).
// A card is built once and then only touched where a value changed.

import { attr, count, definition, el, set, t, time } from './texts.js';
import { MARKS, backlog, occupancyOf, promised, worstFirst } from './judge.js';
import { Figure, raw, shown } from './figures.js';
import { Ages, Agents, Head, Meter, Sparkline, queueAddress } from './parts.js';

const DAYS_SHOWN = ['offered', 'service_level'];

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
    if (form === 'hero') {
      this.days = el('p', 'card-days');
      this.days.hidden = true;
      this.node.append(this.days);
    }
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

  /** Today so far beside other days, where any of them is known: `days` is what `/api/compared` says. */
  compare(days) {
    const told = DAYS_SHOWN.filter((id) => days && (days.so_far[id].yesterday ?? days.so_far[id].usual) != null);
    attr(this.days, 'hidden', told.length && days.until ? null : '');
    if (this.days.hidden) return;
    const text = (id, day) => shown(id, days.so_far[id][day], 0, '').filter(Boolean).join(' ');
    this.days.replaceChildren(el('span', '', t('until', { time: time(days.until) })), ...told.map((id) =>
      el('span', '', `${definition(id).name} `, el('b', '', text(id, 'today')), ` · ${t('yesterday')} ${text(id, 'yesterday')} · ${t('usual')} ${text(id, 'usual')}`)));
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

/** Tickets: promises first, then the stock with its ages; the queues below it, worst first. */
export class TicketCard {
  constructor(entry) {
    this.form = 'ticket';
    const { record } = entry;
    this.head = new Head(record, 'ticket');
    const row = (className, ids, how) => {
      const figures = ids.map((id) => new Figure(id, { form: 'long', ...how }));
      this.figures.push(...figures);
      return el('div', className, ...figures.map((one) => one.node));
    };
    this.figures = [];
    this.ages = new Ages();
    this.list = el('ul', 'ticket-queues');
    this.node = el('article', 'card form-ticket', this.head.node,
      row('card-now', ['at_risk', 'breached_open', 'next_due'], { className: 'fig-big' }),
      row('card-figures ticket-kept', ['first_response_in_time', 'resolution_in_time', 'first_response', 'resolution_time']),
      el('div', 'ticket-open', row('ticket-stock', ['backlog', 'oldest_open', 'backlog_unassigned', 'complaints_open']), this.ages.node), this.list);
    this.timed = this.figures.filter(({ id }) => id === 'next_due' || id === 'oldest_open');
    this.node.dataset.key = entry.id;
    this.node.setAttribute('aria-label', record.queue === '_all' ? t('tickets') : record.queue);
  }

  update(entry, nowMs, board) {
    const { record, verdict, parts } = entry;
    // where nothing is promised the stock has the first place
    attr(this.node, 'data-unpromised', promised(record) ? null : '');
    for (const figure of this.figures) figure.update(record, nowMs, verdict.levels[figure.id]);
    this.ages.update(record.live.backlog_age);
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
    for (const figure of this.timed) figure.tick(raw(figure.id, entry.record), nowMs);
    this.head.update(this.node, entry.record, entry.verdict, nowMs, board);
  }
}

/** Tickets as a row: of one queue, or of all of a tenant. */
export class TicketRow {
  constructor(entry) {
    this.form = 'ticket-tile';
    const { record } = entry;
    this.head = new Head(record, 'tile');
    this.figures = ['at_risk', 'breached_open', 'next_due', 'resolution_in_time', 'backlog'].map((id) => new Figure(id, { plain: true }));
    this.figures.push(new Figure('first_response', { plain: true, form: 'long' }));
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
    this.figures[2].tick(entry.record.live.next_due_at, nowMs);
    this.head.update(this.node, entry.record, entry.verdict, nowMs, board);
  }
}
