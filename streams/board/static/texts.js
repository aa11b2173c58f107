// Words, numbers and times in the reader's language, and small DOM helpers.

import { coarseSeconds, tenthsOf, wholeAge, wholeSeconds } from './rounding.js';

const params = new URLSearchParams(location.search);
const [strings, definitions] = await Promise.all(
  ['/static/strings.json', '/static/definitions.json'].map(async (path) => (await fetch(path)).json()));

// a language the page does not know is read in English
const wanted = (params.get('lang') || navigator.language || 'en').slice(0, 2).toLowerCase();
export const lang = strings[wanted] ? wanted : 'en';
const words = strings[lang];
document.documentElement.lang = lang;

export { definitions };

/** The string of a key, with `{name}` filled in. */
export function t(key, values) {
  let text = words[key] ?? strings.en[key] ?? key;
  for (const [name, value] of Object.entries(values ?? {})) text = text.replace(`{${name}}`, value);
  return text.trim();
}

/** A definition in the reader's language. */
export function definition(id) {
  return { ...definitions[id], ...(words.figures?.[id] ?? {}) };
}

const integers = new Intl.NumberFormat(lang, { maximumFractionDigits: 0, useGrouping: 'min2' });
const tenths = new Intl.NumberFormat(lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const shortest = new Intl.NumberFormat(lang, { maximumFractionDigits: 1 });
const clockFace = new Intl.DateTimeFormat(lang, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const clockSeconds = new Intl.DateTimeFormat(lang, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const dayFace = new Intl.DateTimeFormat(lang, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

export const NONE = '–';
export const count = (value) => value == null ? NONE : integers.format(value);
export const number = (value) => value == null ? NONE : new Intl.NumberFormat(lang, { maximumFractionDigits: 3 }).format(value);
export const percent = (ratio) => ratio == null ? NONE : tenths.format(tenthsOf(ratio));
export const percentShort = (ratio) => ratio == null ? NONE : `${shortest.format(tenthsOf(ratio))} %`;
const points = new Intl.NumberFormat(lang, { minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: 'exceptZero' });
/** Points from −100 to 100, with their sign. */
export const signed = (value) => value == null ? NONE : points.format(value);
export const time = (ms) => clockFace.format(ms);
export const timeSeconds = (ms) => clockSeconds.format(ms);
export const moment = (ms) => dayFace.format(ms);

const two = (value) => String(value).padStart(2, '0');
const daysAndHours = (whole) => `${Math.floor(whole / 86_400)} ${t('days')} ${Math.floor(whole % 86_400 / 3_600)} ${t('hours')}`;

/** Seconds as m:ss, h:mm:ss, or days and hours. */
export function duration(seconds) {
  if (seconds == null) return NONE;
  const whole = wholeSeconds(seconds);
  if (whole < 3_600) return `${Math.floor(whole / 60)}:${two(whole % 60)}`;
  if (whole < 86_400) return `${Math.floor(whole / 3_600)}:${two(Math.floor(whole % 3_600 / 60))}:${two(whole % 60)}`;
  return daysAndHours(whole);
}

/** Seconds in the coarsest two units: for ticket times and ages of hours. */
export function span(seconds) {
  if (seconds == null) return NONE;
  const whole = coarseSeconds(seconds);
  if (whole < 60) return `${whole} ${t('seconds')}`;
  if (whole < 3_600) return `${whole / 60} ${t('minutes')}`;
  if (whole < 86_400) return `${Math.floor(whole / 3_600)} ${t('hours')} ${whole % 3_600 / 60} ${t('minutes')}`;
  return daysAndHours(whole);
}

/** Seconds in at most five signs, for rows: 59:59, 1h05, 26h, 12d. */
export function tight(seconds) {
  if (seconds == null) return NONE;
  const whole = wholeSeconds(seconds);
  if (whole < 3_600) return duration(whole);
  const hours = Math.floor(whole / 3_600);
  if (hours < 10) return `${hours}${t('hours')}${two(Math.floor(whole % 3_600 / 60))}`;
  return hours < 100 ? `${hours}${t('hours')}` : `${Math.floor(hours / 24)}${t('days')}`;
}

/** A ratio in percent in at most four signs, for rows: 99.9, 100. */
export const tightPercent = (ratio) => ratio == null ? NONE : (tenthsOf(ratio) >= 100 ? integers : tenths).format(tenthsOf(ratio));
const thousands = new Intl.NumberFormat(lang, { notation: 'compact', maximumFractionDigits: 0 });
/** A count in at most four signs, for rows. */
export const tightCount = (value) => value == null ? NONE : value < 10_000 ? String(value) : thousands.format(value);

/** A group of ages by the border it has not reached: `8h` is < 8 h; `over` is beyond the last. */
export function ageName(age) {
  if (age === 'over') return `≥ 30 ${t('days')}`;
  return `< ${parseInt(age, 10)} ${t(age.endsWith('h') ? 'hours' : 'days')}`;
}

/** Age in ms since an instant. */
export const ageText = (ms) => duration(wholeAge(ms));

/** An element with class and children; `text` children become text nodes. */
export function el(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/** Set text only if it differs: the page touches what changed and nothing else. */
export function set(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** The same for an attribute; null removes it. */
export function attr(node, name, value) {
  if (value == null) { if (node.hasAttribute(name)) node.removeAttribute(name); } else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/** Put the strings of `data-text` into the page. */
export function translate(root = document) {
  for (const node of root.querySelectorAll('[data-text]')) node.textContent = t(node.dataset.text);
  document.title = t('title');
}
