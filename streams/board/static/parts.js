// The parts that cards are made of: the head with its state, agents, occupancy's meter, sparklines.

import { ageName, ageText, attr, count, el, set, t, tight } from './texts.js';
import { MARKS, freshness } from './judge.js';
import { Figure, shown } from './figures.js';
import { draw, spark } from './spark.js';

const STATES = ['on_contact', 'wrapup', 'ringing', 'available', 'break', 'error', 'unknown'];
const AGES = ['1h', '8h', '24h', '3d', '7d', '30d', 'over'];
const METER_LOW = 0.5; // the occupancy meter shows 50–100 %, where the band is

/** Address of a queue's own page, with the filters that stay. */
export function queueAddress(record) {
  const here = new URLSearchParams(location.search);
  const query = new URLSearchParams({ tenant: record.tenant, queue: record.queue, channel: record.channel });
  for (const name of ['window', 'theme', 'lang', 'kiosk']) if (here.get(name)) query.set(name, here.get(name));
  return `/queue?${query}`;
}

/** Name, channel, tenant, and the state, which explains itself; `.alert` is a place for a mark. */
export class Head {
  constructor(record, form) {
    this.plain = form === 'tile';
    this.form = form;
    this.label = el(form === 'total' || record.queue === '_all' ? 'span' : 'a');
    this.label.dir = 'auto';
    if (this.label.tagName === 'A') this.label.href = queueAddress(record);
    this.title = el('h3', 'card-name', this.label);
    this.tenant = el('span', 'card-tenant');
    this.tenant.dir = 'auto';
    this.alert = el('span', 'card-alert');
    this.alert.hidden = true;
    this.mark = el('span', 'chip-mark');
    this.mark.setAttribute('aria-hidden', 'true');
    this.text = el('span', 'chip-text');
    this.chip = el(this.plain ? 'span' : 'button', 'chip', this.mark, this.text);
    this.chip.dataset.figure = 'state';
    if (this.plain) { // a row has room for the age alone; the words are there for screen readers
      this.age = el('span', 'chip-age');
      this.age.setAttribute('aria-hidden', 'true');
      this.chip.append(this.age);
    } else this.chip.type = 'button';
    this.node = el('header', 'card-head', this.title, this.tenant, this.alert, this.chip);
  }

  /** `board` has staleMs, tenants, nowMs, and what to call a queue and a tenant. */
  update(card, record, verdict, nowMs, board) {
    const whole = record.queue === '_all';
    const tenant = board.tenants > 1 ? board.tenantName(record.tenant) : '';
    // rows of totals are named by their tenant: the channel stands above them
    const name = !whole ? board.queueName(record.queue) : this.plain && tenant ? tenant : t(record.channel);
    set(this.label, name);
    attr(this.title, 'title', whole || name === record.queue ? null : record.queue);
    set(this.tenant, whole ? (this.plain ? '' : tenant) : [t(record.channel), tenant].filter(Boolean).join(' · '));
    const { state, ageMs } = freshness(board.oldest(record).as_of, nowMs, board.staleMs);
    const old = state !== 'fresh';
    attr(card, 'data-stale', old ? '' : null);
    attr(card, 'data-level', verdict.level);
    set(this.mark, MARKS[old ? 'stale' : verdict.level]);
    if (this.age) set(this.age, old ? `${MARKS.stale} ${tight(Math.abs(ageMs) / 1000)}` : '');
    set(this.text, state === 'stale' ? t('stale', { age: ageText(ageMs) }) : old ? t('ahead', { age: ageText(-ageMs) }) : t(`level_${verdict.level}`));
  }
}

/** Agents who are signed in: their number, and its parts as a bar and in words. */
export class Agents {
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
    const all = STATES.reduce((sum, state) => sum + agents[state], 0);
    attr(this.figure.value, 'data-value', all);
    this.figure.say(...shown('agents', all, 0, this.figure.form));
    for (const { state, block, number, item } of this.parts) {
      const n = agents[state];
      attr(block, 'hidden', n === 0 ? '' : null);
      if (block.style.flexGrow !== String(n)) block.style.flexGrow = n;
      if (this.figure.plain) continue;
      attr(item, 'hidden', n === 0 ? '' : null);
      attr(item, 'data-count', n);
      set(number, count(n));
    }
  }
}

/** Open tickets by age, as a bar and in words; the oldest stand out. */
export class Ages {
  constructor() {
    this.bar = el('span', 'ages-bar');
    this.bar.setAttribute('aria-hidden', 'true');
    this.list = el('span', 'ages-list');
    this.parts = AGES.map((age, index) => {
      const block = el('span', `ages-block age-${index}`);
      const number = el('b');
      const item = el('span', 'ages-item', el('i', `swatch age-${index}`), number, ` ${ageName(age)}`);
      this.bar.append(block);
      this.list.append(item);
      return { age, block, number, item };
    });
    this.node = el('div', 'ticket-ages', this.bar, this.list);
  }

  /** `ages` is null where the record does not say them. */
  update(ages) {
    attr(this.node, 'hidden', ages ? null : '');
    for (const { age, block, number, item } of this.parts) {
      const n = ages?.[age] ?? 0;
      for (const node of [block, item]) attr(node, 'hidden', n === 0 ? '' : null);
      if (block.style.flexGrow !== String(n)) block.style.flexGrow = n;
      attr(item, 'data-count', n);
      set(number, count(n));
    }
  }
}

/** The band of occupancy as a meter: band shaded, limit marked, a needle at the value. */
export class Meter {
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
export class Sparkline {
  constructor(kind, caption) {
    this.kind = kind;
    this.svg = spark(kind);
    this.note = el('span', 'spark-note');
    this.drawn = null; // what is on the screen: history comes once a minute, figures each second
    this.node = el('div', 'spark-box', ...(caption ? [el('span', 'spark-caption', caption), this.note] : []), this.svg);
  }

  /** `now`: how many wait now; the peak is never less. */
  update(values, targetLevel, now = 0) {
    if (values === this.drawn && targetLevel === this.aim && now === this.now) return;
    this.drawn = values;
    this.aim = targetLevel;
    this.now = now;
    const known = (values ?? []).filter((value) => value != null);
    attr(this.node, 'data-empty', known.length ? null : '');
    if (!known.length) { set(this.note, t('no_history')); return; }
    const peak = Math.max(now, ...known);
    if (this.kind === 'waiting') {
      draw(this.svg, values, 0, Math.max(4, peak));
      set(this.note, t('peak', { n: count(peak) }));
    } else {
      draw(this.svg, values, Math.min(0.5, ...known), 1, targetLevel);
      set(this.note, '');
    }
  }
}
