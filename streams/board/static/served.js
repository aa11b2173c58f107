// What customers say of a queue, and whether they come again: its figures of today as one row.
// Every score stands with how many answers it is of; of fewer than 30 there is their number alone.

import { MARKS, freshness } from './judge.js';
import { NONE, attr, count, definition, el, number, set, t, tight } from './texts.js';
import { Figure, raw } from './figures.js';
import { queueAddress } from './parts.js';

export const KINDS = ['csat', 'nps', 'ces', 'resolved'];
/** A row's columns; a list has its own parts. */
export const COLUMNS = ['csat', 'nps', 'resolved_survey', 'ces', 'responses', 'fcr', 'repeat', 'returning', 'failed_again', 'sales', 'followups', 'followup_satisfied'];
const RESPONSES = ['response_csat', 'response_nps', 'response_ces', 'response_resolved'];

const some = (words) => Object.values(words ?? {}).some((n) => n > 0);

/** Whether anything was told of a queue's service quality today. */
export function anyServed({ figures }) {
  const { surveys, sales, followups, customers } = figures ?? {};
  return some(surveys?.sent) || some(surveys?.answered) || some(surveys?.response_decided) || some(surveys?.answered_again)
    || some(sales?.closed) || some(sales?.cancelled) || some(followups?.completed)
    || Boolean(customers && ['contacts_with_ref', 'fcr_decided', 'failed_again', 'bot_contained_returned'].some((name) => customers[name] > 0));
}

/** One entry an instrument: its scale, its mean and of how many answers. */
export class Instruments {
  constructor() {
    this.list = el('span', 'fig-list');
    this.node = el('button', 'fig fig-rows', el('span', 'fig-label', definition('ces').name), this.list);
    this.node.type = 'button';
    this.node.dataset.figure = 'ces';
  }

  update(record) {
    const items = raw('ces', record) ?? [];
    attr(this.node, 'data-none', items.length ? null : '');
    const { least } = definition('ces');
    const lines = items.map((item) => {
      const scale = item.scale_min == null ? '' : `${number(item.scale_min)}–${number(item.scale_max)}${item.higher_is_better ? '↑' : '↓'}`;
      const n = t('few', { n: count(item.n) });
      const mean = item.mean == null || item.n < least ? '' : number(Math.round(item.mean * 100) / 100);
      return el('span', 'fig-line', el('b', '', mean || n), ` ${[mean && n, scale, item.survey_version].filter(Boolean).join(' · ')}`);
    });
    const text = lines.map((line) => line.textContent).join('\n');
    if (text === this.text) return;
    this.text = text;
    this.list.replaceChildren(...(lines.length ? lines : [el('span', 'fig-value', NONE)]));
  }
}

/** The response ratio of each kind that was sent. */
class Responses {
  constructor() {
    this.parts = KINDS.map((kind, index) => new Figure(RESPONSES[index], { label: t(`kind_${kind}`), className: 'fig-line' }));
    this.none = el('span', 'fig-value', NONE);
    this.node = el('div', 'fig fig-rows', el('span', 'fig-label', t('responses')), el('span', 'fig-list', ...this.parts.map((part) => part.node), this.none));
  }

  update(record) {
    const known = this.parts.filter((part) => raw(part.id, record) != null);
    for (const part of this.parts) {
      part.update(record, 0);
      attr(part.node, 'hidden', known.includes(part) ? null : '');
    }
    attr(this.node, 'data-none', known.length ? null : '');
    attr(this.none, 'hidden', known.length ? '' : null);
  }
}

export class ServedRow {
  constructor({ id, record }) {
    const ticket = record.channel === 'ticket';
    const whole = record.queue === '_all';
    this.label = el(whole ? 'span' : 'a');
    this.label.dir = 'auto';
    if (!whole) this.label.href = queueAddress(record);
    this.place = el('span', 'card-tenant');
    this.place.dir = 'auto';
    this.age = el('span', 'served-age');
    this.parts = COLUMNS.map((name) => {
      if (name === 'ces') return new Instruments();
      if (name === 'responses') return new Responses();
      return new Figure(name === 'sales' ? ticket ? 'sales_per_ticket' : 'sales_per_handled' : name);
    });
    this.node = el('article', 'served-row', el('h2', 'served-name', this.label, ' ', this.place, ' ', this.age), ...this.parts.map((part) => part.node));
    this.node.dataset.key = id;
    attr(this.node, 'data-whole', whole ? '' : null);
  }

  update({ record }, nowMs, board) {
    const whole = record.queue === '_all';
    set(this.label, whole ? t('totals') : board.queueName(record.queue));
    attr(this.label, 'title', whole || board.queueName(record.queue) === record.queue ? null : record.queue);
    set(this.place, [t(record.channel), board.tenants > 1 && board.tenantName(record.tenant)].filter(Boolean).join(' · '));
    for (const part of this.parts) part.update(record, nowMs);
    this.tick({ record }, nowMs, board);
  }

  /** Only what time changes: how old the figures are. */
  tick({ record }, nowMs, board) {
    const { state, ageMs } = freshness(board.oldest(record).as_of, nowMs, board.staleMs);
    attr(this.node, 'data-stale', state === 'fresh' ? null : '');
    set(this.age, state === 'fresh' ? '' : `${MARKS.stale} ${tight(Math.abs(ageMs) / 1000)}`);
  }
}

/** The line of headings above the rows. */
export function servedHead() {
  const name = (id) => id === 'responses' ? t('responses') : definition(id === 'sales' ? 'sales_per_handled' : id).name;
  const node = el('p', 'served-row served-head', el('span', '', t('short_queue')), ...COLUMNS.map((id) => el('span', '', name(id))));
  node.setAttribute('aria-hidden', 'true');
  return node;
}
