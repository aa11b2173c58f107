// One figure on the page: label, value, target, and a mark where it misses the target.
// A figure is a button that explains itself; inside a dense tile it is plain text.

import { NONE, ageText, attr, count, definition, duration, el, number, percent, percentShort, set, signed, span, t, tight, tightCount, tightPercent } from './texts.js';
import { wholeAge } from './rounding.js';
import { MARKS, occupancyOf, serviceLevel } from './judge.js';

/** The raw value of a figure, exactly as the topic has it. */
export function raw(id, record) {
  const what = definition(id);
  if (id === 'service_level') return serviceLevel(record);
  if (what.total) return total(what.numerator, record[what.scope]);
  return path(record[what.scope], what.value);
}

/** A field by its dotted name; null where anything on the way is missing. */
export function path(from, name) {
  return name.split('.').reduce((value, part) => value?.[part], from) ?? null;
}

/** Sum of the signed fields; null if one is missing. */
export function total(fields, from) {
  let sum = 0;
  for (const field of fields) {
    const value = path(from, field.replace(/^-/, ''));
    if (value == null) return null;
    sum += field.startsWith('-') ? -value : value;
  }
  return sum;
}

/** How many answers a figure stands on where they are too few for a value; null where they are not. */
export function few(id, record) {
  const { least, denominator, scope } = definition(id);
  const n = least && denominator.length ? total(denominator, record[scope]) : null;
  return n && n < least ? n : null;
}

/** Text and unit of a value. `nowMs` turns instants into ages; `form` is '', 'long' or 'tight'. */
export function shown(id, value, nowMs, form) {
  if (value == null) return [NONE, ''];
  const seconds = (text) => form === 'long' ? span(text) : form === 'tight' ? tight(text) : duration(text);
  switch (definition(id).unit) {
    case 'ratio': return form === 'tight' ? [tightPercent(value), ''] : [percent(value), '%'];
    case 'duration': return [seconds(value), ''];
    case 'until': return [form === 'tight' ? tight(wholeAge(value - nowMs)) : until(wholeAge(value - nowMs)), ''];
    case 'age': return [form ? seconds(wholeAge(nowMs - value)) : ageText(nowMs - value), ''];
    case 'points': return [signed(value), ''];
    case 'states':
    case 'count': return [form === 'tight' ? tightCount(value) : count(value), ''];
    default: return [number(value), ''];
  }
}

/** A countdown: to the second in its last hour. */
const until = (seconds) => seconds < 3_600 ? duration(seconds) : span(seconds);

/** About how wide a text is, in em of its own size: what a style sheet needs to make it fit. */
const emOf = (text) => [...text].reduce((sum, sign) => sum + (/[.,:  ]/.test(sign) ? 0.3 : /\p{L}/u.test(sign) ? 0.68 : 0.64), 0);

/** The target of a figure in words, '' without one; or what makes the figure doubtful. */
export function target(id, record) {
  const { definitions, live, channel, figures } = record;
  const aim = definitions.targets;
  const within = definitions.service_level_seconds;
  switch (id) {
    case 'service_level':
      if (aim.service_level == null) return '';
      return within == null ? t('target_at_least', { value: percentShort(aim.service_level) })
        : t('target_within', { value: percentShort(aim.service_level), seconds: `${within} ${t('seconds')}` });
    case 'abandonment': return aim.abandonment == null ? '' : t('target_at_most', { value: percentShort(aim.abandonment) });
    case 'aht':
      if (figures?.wrapups_unreported > figures?.handled / 10) return t('wrapups_unreported', { n: count(figures.wrapups_unreported) });
      return aim.handle_seconds == null ? '' : t('target_at_most', { value: duration(aim.handle_seconds) });
    case 'oldest_wait': return within == null ? '' : t('target_at_most', { value: `${within} ${t('seconds')}` });
    case 'first_response_in_time':
    case 'next_response_in_time':
    case 'resolution_in_time': {
      const n = of(figures?.ticket?.sla[id.replace(/_in_time$/, '')]);
      const aimed = { first_response_in_time: aim.first_response_ratio, resolution_in_time: aim.resolution_ratio }[id];
      const share = aimed == null ? '' : t('target_at_least', { value: percentShort(aimed) });
      return [share, n && t('of', { n: count(n) })].filter(Boolean).join(' · ');
    }
    case 'first_response': return aim.first_response_seconds == null ? '' : t('target_at_most', { value: span(aim.first_response_seconds) });
    case 'occupancy':
    case 'slot_occupancy':
      // of the two, the one that judges has the targets
      if (id !== occupancyOf(channel)) return '';
      if (aim.occupancy_low == null || aim.occupancy_high == null || aim.occupancy_limit == null) return '';
      return t('band', { low: shortRatio(aim.occupancy_low), high: shortRatio(aim.occupancy_high), limit: percentShort(aim.occupancy_limit) });
    case 'waiting':
      return channel !== 'ticket' && within != null && live.waiting > 0
        ? t('waiting_over', { n: count(live.waiting_over_threshold), seconds: `${within} ${t('seconds')}` }) : '';
    case 'waiting_over_limit': return definitions.wait_limit_seconds == null ? '' : `> ${definitions.wait_limit_seconds} ${t('seconds')}`;
    case 'waited_over_limit': {
      if (definitions.wait_limit_seconds == null || !figures?.limit_decided) return '';
      return `${t('target_at_most', { value: percentShort(0) })} · ${t('of', { n: count(figures.limit_decided) })}`;
    }
    default: {
      if (definition(id).terms) return terms(id, record);
      const n = figures && definition(id).of ? path(figures, definition(id).of) : null;
      return n ? t('of', { n: count(n) }) : '';
    }
  }
}

/** What a value is made of: numerator / denominator, or of points how many answers. */
function terms(id, record) {
  const { numerator, denominator, scope, unit } = definition(id);
  const below = total(denominator, record[scope]);
  if (!below || few(id, record)) return '';
  return unit === 'points' ? t('few', { n: count(below) }) : `${count(total(numerator, record[scope]))} / ${count(below)}`;
}

/** Of how many promises a share is; nothing where none was decided. */
const of = (promise) => promise ? promise.met + promise.breached : 0;

const shortRatio = (ratio) => percentShort(ratio).replace(/\s*%$/, '');

/** The element of one figure and how to update it. A plain one has no button, unit or target; `label` is a shorter name. */
export class Figure {
  constructor(id, { plain = false, form = plain ? 'tight' : '', className = '', label = definition(id).name } = {}) {
    this.id = id;
    this.plain = plain;
    this.form = form;
    this.text = document.createTextNode('');
    this.mark = null; // mark and verdict are made when a figure first misses its target
    this.verdict = null;
    this.level = null;
    this.value = el('span', 'fig-value', plain ? this.text : el('span', 'fig-text', this.text));
    this.label = el('span', 'fig-label', label);
    this.node = el(plain ? 'span' : 'button', `fig ${className}`, this.label, this.value);
    this.node.dataset.figure = id;
    if (plain) return;
    this.node.type = 'button';
    this.node.style.setProperty('--label-em', (emOf(this.label.textContent) * 0.86 + 1.3).toFixed(1)); // with room for a mark
    this.unit = el('small', 'fig-unit');
    this.aim = el('span', 'fig-target');
    this.value.append(this.unit);
    this.node.append(this.aim);
  }

  /** Show a record's value, its target and its level ('on', 'off', 'far' or none). */
  update(record, nowMs, level) {
    const value = raw(this.id, record);
    attr(this.value, 'data-value', value);
    attr(this.node, 'data-none', value == null ? '' : null);
    const n = few(this.id, record);
    if (n === null) this.tick(value, nowMs); else this.say(t('few', { n: count(n) }), '');
    attr(this.node, 'data-few', n === null ? null : '');
    // a dense row has no room for targets, and 500 of them would be formatted for nothing
    if (this.aim) set(this.aim, target(this.id, record));
    this.judge(level);
  }

  /** Only what time changes. */
  tick(value, nowMs) {
    this.say(...shown(this.id, value, nowMs, this.form));
  }

  /** The text and its unit; a text that is too wide for its place is drawn smaller. */
  say(text, unit) {
    if (this.text.data !== text) this.text.data = text;
    if (this.plain) return;
    set(this.unit, unit);
    const em = (emOf(text) + (unit ? 0.75 : 0)).toFixed(1);
    if (em === this.em) return;
    this.em = em;
    this.node.style.setProperty('--em', em);
  }

  judge(level) {
    const off = level === 'off' || level === 'far' ? level : null;
    if (off === this.level) return;
    this.level = off;
    attr(this.node, 'data-level', off);
    if (!this.mark) {
      this.mark = el('span', 'fig-mark');
      this.mark.setAttribute('aria-hidden', 'true');
      this.verdict = el('span', 'hidden');
      (this.plain ? this.value : this.label).prepend(this.mark);
      this.value.append(this.verdict);
    }
    set(this.mark, off ? MARKS[off] : '');
    set(this.verdict, off ? ` ${t(`level_${off}`)}` : '');
  }
}
