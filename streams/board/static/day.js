// The day of one queue, whatever window is chosen: compared with other days, its service quality,
// and its topics.

import { NONE, attr, count, definition, el, number, percentShort, set, t, time } from './texts.js';
import { Figure, few, raw, shown, target } from './figures.js';
import { Instruments, KINDS, anyServed } from './served.js';

const SERVED = ['csat', 'nps', 'resolved_survey', 'surveys_sent', 'surveys_answered', 'surveys_again', 'surveys_unsolicited', 'surveys_off_scale', 'fcr', 'repeat', 'returning', 'failed_again', 'fcr_unknown', 'bot_returned', 'sales_per_handled', 'sales_per_ticket', 'sales_undone', 'followups', 'followup_satisfied', 'followup_per_handled'];
// where they are 0, nothing is said of them
const SELDOM = ['surveys_again', 'surveys_unsolicited', 'surveys_off_scale', 'bot_returned', 'sales_undone'];
const TOPIC = ['topic_handled', 'topic_unanswered', 'topic_aht', 'topic_resolved', 'topic_art', 'topic_csat', 'topic_fcr'];
const OF_TICKETS = ['topic_resolved', 'topic_art'];
const OF_CONTACTS = ['topic_handled', 'topic_unanswered', 'topic_aht'];

const cell = (tag, text) => {
  const node = el(tag, '', text);
  if (tag === 'th') node.scope = 'col';
  return node;
};

/** Today so far beside yesterday and the usual day. */
export class Compared {
  constructor(root, channel) {
    this.root = root;
    this.channel = channel;
    this.title = el('h3', '', t('compared'));
    this.until = el('p', 'one-note');
    this.body = el('tbody');
    const head = el('tr', '', el('td'), cell('th', t('today')), cell('th', t('yesterday')), cell('th', t('usual')));
    this.table = el('table', 'day-table', el('thead', '', head), this.body);
    root.append(this.title, this.until, el('div', 'day-box', this.table), el('p', 'one-note', t('usual_note')));
  }

  /** Show what `/api/compared` says. */
  show({ so_far: figures, until }) {
    attr(this.root, 'hidden', null);
    set(this.until, until == null ? t('nothing_whole') : t('until', { time: time(until) }));
    this.body.replaceChildren(...Object.entries(figures).map(([name, days]) => {
      const id = name === 'occupancy' && this.channel === 'chat' ? 'slot_occupancy' : name;
      const text = (value) => shown(id, value, 0, this.channel === 'ticket' ? 'long' : '').filter(Boolean).join(' ');
      const first = el('th', '', definition(id).name);
      first.scope = 'row';
      const values = ['today', 'yesterday', 'usual'].map((day) => {
        const node = el('td', '', text(days[day]));
        attr(node, 'data-value', days[day]);
        return node;
      });
      return el('tr', '', first, ...values);
    }));
  }
}

/** Surveys, customers, sales and follow-ups of today. */
export class Served {
  constructor(root) {
    this.root = root;
    this.figures = SERVED.map((name) => new Figure(name));
    this.responses = KINDS.map((kind) => new Figure({ csat: 'response_csat', nps: 'response_nps', ces: 'response_ces', resolved: 'response_resolved' }[kind]));
    this.instruments = new Instruments();
    this.amounts = el('div', 'day-amounts');
    root.append(el('h3', '', t('quality_today')), ...this.figures.slice(0, 3).map((one) => one.node), this.instruments.node,
      ...this.responses.map((one) => one.node), ...this.figures.slice(3).map((one) => one.node), this.amounts);
  }

  show(record) {
    attr(this.root, 'hidden', anyServed(record) ? null : '');
    for (const figure of [...this.figures, ...this.responses]) {
      figure.update(record, 0);
      const value = raw(figure.id, record);
      const ticket = record.channel === 'ticket';
      const other = figure.id === (ticket ? 'sales_per_handled' : 'sales_per_ticket');
      attr(figure.node, 'hidden', other || (!value && SELDOM.includes(figure.id)) || (value == null && figure.id.startsWith('response_')) ? '' : null);
    }
    this.instruments.update(record);
    attr(this.instruments.node, 'hidden', raw('ces', record)?.length ? null : '');
    this.money(raw('amounts', record) ?? []);
  }

  money(items) {
    attr(this.amounts, 'hidden', items.length ? null : '');
    const name = el('button', 'day-explain', definition('amounts').name);
    name.type = 'button';
    name.dataset.figure = 'amounts';
    const row = ({ currency, n, closed, cancelled_n: undone, cancelled }) => {
      const first = el('th', '', currency);
      first.scope = 'row';
      return el('tr', '', first, ...[count(n), number(closed), count(undone), number(cancelled)].map((text) => el('td', '', text)));
    };
    const heads = ['sales_n', 'sold', 'undone_n', 'undone'].map((key) => cell('th', t(key)));
    this.amounts.replaceChildren(el('table', 'day-table', el('thead', '', el('tr', '', el('th', '', name), ...heads)), el('tbody', '', ...items.map(row))));
  }
}

/** The queue's topics; a heading sorts, a figure explains itself. */
export class Topics {
  constructor(root, channel) {
    this.root = root;
    this.ids = TOPIC.filter((id) => !(channel === 'ticket' ? OF_CONTACTS : OF_TICKETS).includes(id));
    this.by = this.ids[0];
    this.down = true;
    this.record = null;
    this.body = el('tbody');
    this.heads = ['topic', ...this.ids].map((id) => {
      const name = id === 'topic' ? t('topic') : definition(id).name;
      const button = el('button', 'day-sort', name);
      button.type = 'button';
      button.title = t('sort_by', { name });
      button.addEventListener('click', () => { this.down = this.by === id ? !this.down : id !== 'topic'; this.by = id; this.draw(); });
      const node = cell('th', button);
      node.dataset.by = id;
      return node;
    });
    root.append(el('h3', '', t('by_topic')), el('div', 'day-box', el('table', 'day-table topics', el('thead', '', el('tr', '', ...this.heads)), this.body)));
  }

  show(record) {
    this.record = record;
    this.draw();
  }

  draw() {
    const items = this.record?.figures?.by_topic;
    attr(this.root, 'hidden', items?.length ? null : '');
    if (!items?.length) return;
    const all = items.reduce((sum, item) => sum + item[definition(this.ids[0]).value], 0);
    const key = (item) => this.by === 'topic' ? item.topic : few(this.by, { topic: item }) === null ? raw(this.by, { topic: item }) : null;
    const order = (a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x == null || y == null) return (x == null) - (y == null);
      return (typeof x === 'string' ? x.localeCompare(y) : x - y) * (this.down ? -1 : 1);
    };
    for (const head of this.heads) attr(head, 'aria-sort', head.dataset.by === this.by ? this.down ? 'descending' : 'ascending' : null);
    this.body.replaceChildren(...[...items].sort(order).map((item) => this.row(item, all)));
  }

  row(item, all) {
    const name = { _none: t('topic_none'), _other: t('topic_other') }[item.topic] ?? item.topic;
    const first = el('th', item.topic.startsWith('_') ? 'day-rest' : '', name);
    first.scope = 'row';
    first.dir = 'auto';
    const record = { channel: this.record.channel, topic: item, definitions: this.record.definitions };
    return el('tr', '', first, ...this.ids.map((id, index) => {
      const n = few(id, record);
      const value = raw(id, record);
      const text = n === null ? shown(id, value, 0, id === 'topic_art' ? 'long' : '').filter(Boolean).join(' ') : t('few', { n: count(n) });
      const beside = index === 0 && all > 0 ? percentShort(value / all) : target(id, record);
      const button = el('button', '', text || NONE, ...(beside ? [el('small', '', ` ${beside}`)] : []));
      button.type = 'button';
      Object.assign(button.dataset, { figure: id, topic: item.topic });
      attr(button, 'data-value', value);
      const cellOf = el('td', '', button);
      cellOf.dataset.name = definition(id).name;
      return cellOf;
    }));
  }

  /** The newest record with one topic in the place of the queue's figures: for its explanation. */
  of(topic) {
    const item = this.record?.figures?.by_topic?.find((one) => one.topic === topic);
    return item && { ...this.record, topic: item, queue: `${this.record.queue} · ${topic}`, window: 'today' };
  }
}
