// What a figure means: a dialog with definition, formula, numerator and denominator, kept live.

import { MARKS } from './judge.js';
import { NONE, ageName, attr, count, definition, el, moment, number, percent, t } from './texts.js';
import { few, path, raw, shown, target, total } from './figures.js';
import { why } from './why.js';

let open = null;

/** A field in words: its last part, or the one before where all the fields end alike. */
function plainName(field, fields) {
  const last = (name) => name.split('.').pop();
  const alike = fields.length > 1 && fields.every((one) => last(one) === last(fields[0]));
  return field.replace(/^-/, '').split('.').at(alike ? -2 : -1).replaceAll('_', ' ');
}

function term(field, value) {
  if (value == null) return '–';
  if (/_at$/.test(field)) return moment(value);
  return number(value);
}

function parts(fields, from, summed = fields.length > 1) {
  const sum = total(fields, from);
  const list = el('dd', 'terms');
  fields.forEach((field, index) => {
    const sign = field.startsWith('-') ? '−' : index && summed ? '+' : '';
    const name = field.replace(/^-/, '');
    list.append(el('span', 'term', sign ? `${sign} ` : '', el('b', '', term(name, path(from, name))), ` ${plainName(field, fields)}`));
  });
  if (summed) list.append(el('span', 'term sum', '= ', el('b', '', number(sum == null ? null : Math.round(sum * 1000) / 1000))));
  return list;
}

/** Numbers by word: those of one closed list, ages among them. */
function byWord(words) {
  const node = el('dd', 'terms');
  for (const [word, n] of Object.entries(words)) {
    const name = /^(\d+[hd]|over)$/.test(word) ? ageName(word) : word.replaceAll('_', ' ');
    node.append(el('span', 'term', el('b', '', number(n)), ` ${name}`));
  }
  return node;
}

/** Close button, title and place of a dialog. */
function heading(text, record, extras) {
  const close = el('button', 'explain-close', t('close'));
  close.type = 'button';
  close.addEventListener('click', () => open?.dialog.close());
  const title = el('h2', '', text);
  title.id = 'explain-title';
  return [close, title, el('p', 'explain-place', extras.place(record))];
}

/** Why a card is where it is, instead of what a figure means. */
function state(record, extras) {
  const { title, means, rows } = why(record, extras.now(), extras.board());
  const list = el('dl', 'explain-list');
  for (const [name, node] of rows) list.append(el('dt', '', name), node);
  return [...heading(title, record, extras), el('p', 'explain-means', means), list];
}

function content(id, record, extras) {
  if (id === 'state') return state(record, extras);
  const what = definition(id);
  const nowMs = extras.now();
  const from = record[what.scope];
  const value = raw(id, record);
  const n = few(id, record);
  const [text, unit] = n === null ? shown(id, value, nowMs, record.channel === 'ticket' ? 'long' : '') : [t('few', { n: count(n) }), ''];
  const list = el('dl', 'explain-list');
  const add = (name, ...nodes) => list.append(el('dt', '', name), ...nodes);
  if (what.unit === 'rows') add(t('value'), el('dd', '', value?.length ? rows(value, what) : NONE));
  else if (what.unit !== 'states' && id !== 'source_age') {
    const note = n !== null ? ` ${t('few_note', { least: what.least })}` : value == null && what.denominator.length ? ` ${t('nothing')}` : '';
    add(t('value'), el('dd', 'explain-value', text, el('small', '', ` ${unit}${note}`)));
    attr(list.lastChild, 'data-value', value);
  }
  const aim = record.definitions && target(id, record);
  if (aim) add(t('target'), el('dd', '', aim));
  add(t('formula'), el('dd', 'formula', chosen(what, record).formula));
  if (chosen(what, record).numerator.length && chosen(what, record).denominator.length) {
    add(t('numerator'), parts(chosen(what, record).numerator, from));
    add(t('denominator'), parts(chosen(what, record).denominator, from));
  } else if (what.numerator.length > 1) add(t('numerator'), parts(what.numerator, from));
  for (const field of what.by ?? []) {
    const words = path(from, field);
    if (words) add(what.by.length > 1 ? `${t('of_which')}: ${plainName(field, [field])}` : t('of_which'), byWord(words));
  }
  if (what.beside) add(t('beside'), parts(what.beside, from, false));
  if (what.variants) add(t('variants'), variants(what, record));
  if (what.unit === 'states') add(t('value'), states(from[what.value]));
  add(t('hard_case'), el('dd', '', what.hard_case));
  return [...heading(what.name, record, extras), el('p', 'explain-means', what.means), list];
}

/** Formula, numerator and denominator as this queue uses them. */
function chosen(what, record) {
  return what.variants?.[record.definitions?.default_formula] ?? what;
}

function variants(what, record) {
  const node = el('dd', 'variants');
  for (const [name, variant] of Object.entries(what.variants)) {
    const used = (record.definitions.default_formula ?? 'offered_less_short') === name;
    const value = record.figures?.service_level?.[name];
    node.append(el('div', used ? 'variant used' : 'variant', el('b', '', value == null ? '–' : `${percent(value)} %`),
      el('span', '', variant.formula), used ? el('em', '', `${MARKS.on} ${t('used_here')}`) : ''));
  }
  return node;
}

/** The rows of a list, a column a field; a mean of too few answers is left out. */
function rows(items, what) {
  const names = Object.keys(items[0]);
  const cell = (item, name) => {
    const value = name === 'mean' && item.n < what.least ? null : item[name];
    return typeof value === 'boolean' ? t(value ? 'yes' : 'no') : typeof value === 'string' ? value : number(value);
  };
  const line = (tag, texts) => el('tr', '', ...texts.map((text) => el(tag, '', text)));
  return el('table', 'explain-rows', el('thead', '', line('th', names.map((name) => plainName(name, [name])))),
    el('tbody', '', ...items.map((item) => line('td', names.map((name) => cell(item, name))))));
}

function states(agents) {
  const node = el('dd', 'terms');
  for (const [state, n] of Object.entries(agents)) node.append(el('span', 'term', el('b', '', number(n)), ` ${t(state)}`));
  return node;
}

/** Open the dialog. `find()` gives the newest record, so that the dialog stays live. */
export function explain(dialog, id, find, extras) {
  open = { dialog, id, find, extras, shown: null };
  refresh();
  dialog.showModal();
  dialog.addEventListener('close', () => { open = null; }, { once: true });
}

/** Draw the open dialog again if its record changed. */
export function refresh() {
  if (!open) return;
  const record = open.find();
  if (!record || record === open.shown) return;
  const focused = open.dialog.contains(document.activeElement);
  open.shown = record;
  open.dialog.replaceChildren(...content(open.id, record, open.extras));
  if (focused) open.dialog.querySelector('.explain-close').focus();
}

/** Whether a dialog is open: the order of the queues then stands still. */
export const isOpen = () => open !== null;
