// Words, numbers and times in the reader's language, and small DOM helpers.

const params = new URLSearchParams(location.search);
const [strings, definitions] = await Promise.all(
  ['/static/strings.json', '/static/definitions.json'].map(async (path) => (await fetch(path)).json()));

const wanted = params.get('lang') || (navigator.language || 'en').slice(0, 2);
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
export const percent = (ratio) => ratio == null ? NONE : tenths.format(ratio * 100);
export const percentShort = (ratio) => ratio == null ? NONE : `${shortest.format(ratio * 100)} %`;
export const time = (ms) => clockFace.format(ms);
export const timeSeconds = (ms) => clockSeconds.format(ms);
export const moment = (ms) => dayFace.format(ms);

/** Seconds as m:ss, h:mm:ss, or days and hours. */
export function duration(seconds) {
  if (seconds == null) return NONE;
  const whole = Math.max(0, Math.round(seconds));
  const two = (value) => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)}`;
  if (whole < 86400) return `${Math.floor(whole / 3600)}:${two(Math.floor(whole % 3600 / 60))}:${two(whole % 60)}`;
  return `${Math.floor(whole / 86400)} ${t('days')} ${Math.floor(whole % 86400 / 3600)} ${t('hours')}`;
}

/** Seconds in the coarsest two units: for ticket times and ages of hours. */
export function span(seconds) {
  if (seconds == null) return NONE;
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} ${t('seconds')}`;
  if (whole < 3600) return `${Math.floor(whole / 60)} ${t('minutes')}`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} ${t('hours')} ${Math.floor(whole % 3600 / 60)} ${t('minutes')}`;
  return `${Math.floor(whole / 86400)} ${t('days')} ${Math.floor(whole % 86400 / 3600)} ${t('hours')}`;
}

/** Age in ms since an instant, rounded down so that a clock never shows a second too early. */
export const ageText = (ms) => duration(Math.floor(Math.max(0, ms) / 1000));

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
