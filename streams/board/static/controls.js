// Filters in the address bar, theme, kiosk mode, and the question for a token.

import { attr, el, t, timeSeconds } from './texts.js';
import { token } from './stream.js';

const WINDOWS = ['1m', '5m', '15m', '30m', '60m', 'today'];
const CHANNELS = ['voice', 'chat', 'ticket'];
const KIOSK_PAGE_MS = 15_000;

function option(value, text) {
  const node = el('option', '', text);
  node.value = value;
  return node;
}

const light = matchMedia('(prefers-color-scheme: light)');
light.addEventListener('change', () => appearance());

/** Theme and kiosk from the address; used by every page. A kiosk is dark unless told otherwise. */
export function appearance() {
  const params = new URLSearchParams(location.search);
  const kiosk = params.get('kiosk') === '1';
  attr(document.documentElement, 'data-theme', params.get('theme') || (light.matches && !kiosk ? 'light' : 'dark'));
  attr(document.documentElement, 'data-kiosk', kiosk ? '' : null);
}

function change(name, value) {
  const params = new URLSearchParams(location.search);
  if (value) params.set(name, value); else params.delete(name);
  // commas stay readable: ?queues=billing,support
  const query = params.toString().replaceAll('%2C', ',');
  history.replaceState(null, '', query ? `?${query}` : location.pathname);
}

/** The address of another of the board's pages, with what the reader chose. */
export function pageAddress(page) {
  const here = new URLSearchParams(location.search);
  const query = new URLSearchParams();
  for (const name of ['tenant', 'channel', 'window', 'queues', 'theme', 'lang', 'kiosk']) if (here.get(name)) query.set(name, here.get(name));
  const text = query.toString().replaceAll('%2C', ',');
  return text ? `${page}?${text}` : page;
}

export class Controls {
  /** `changed()` is called when the records wanted are others. */
  constructor(changed) {
    appearance();
    this.form = document.querySelector('.filters');
    this.changed = changed;
    this.known = '';
    const { tenant, channel, window: span, queues, theme, kiosk } = this.form.elements;
    this.tenant = tenant;
    channel.append(option('', t('all')), ...CHANNELS.map((name) => option(name, t(name))));
    span?.append(...WINDOWS.map((name) => option(name, t(`w_${name}`))));
    queues.placeholder = t('queues_hint');
    for (const [button, text] of [[theme, 'theme'], [kiosk, 'kiosk']]) {
      button.title = t(text);
      button.setAttribute('aria-label', t(text));
    }
    this.form.setAttribute('aria-label', t('filters'));
    this.read();
    channel.value = this.filter.channel;
    if (span) span.value = this.filter.window;
    queues.value = this.filter.queues;
    this.tenants([]);
    this.form.addEventListener('submit', (event) => event.preventDefault());
    this.form.addEventListener('change', (event) => {
      change(event.target.name, event.target.value.trim());
      this.read();
      this.changed();
    });
    theme.addEventListener('click', () => this.theme());
    kiosk.addEventListener('click', () => this.kiosk(true));
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && 'kiosk' in document.documentElement.dataset && !document.querySelector('dialog[open]')) this.kiosk(false);
    });
    if (this.params.get('kiosk') === '1') this.rotate();
  }

  read() {
    this.params = new URLSearchParams(location.search);
    this.filter = { tenant: this.params.get('tenant') ?? '', channel: this.params.get('channel') ?? '', window: this.params.get('window') || '30m', queues: this.params.get('queues') ?? '' };
  }

  /** The query of the event stream. */
  query() {
    return new URLSearchParams(Object.entries(this.filter).filter(([, value]) => value));
  }

  /** What the page shows, in words, for a wall that hides the form: the window always. */
  chosen(span = this.filter.window) {
    const { tenant, channel, queues } = this.filter;
    return [`${t('window')} ${t(`w_${span}`)}`, tenant, channel && t(channel), queues].filter(Boolean).join(' · ');
  }

  /** Offer the tenants there are; one tenant needs no choice. */
  tenants(names) {
    const all = [...new Set([...names, this.filter.tenant].filter(Boolean))].sort();
    const key = all.join('\n');
    attr(this.tenant.parentElement, 'hidden', all.length > 1 || this.filter.tenant ? null : '');
    if (key === this.known && this.tenant.options.length) return;
    this.known = key;
    this.tenant.replaceChildren(option('', t('all')), ...all.map((name) => option(name, name)));
    this.tenant.value = this.filter.tenant;
  }

  theme() {
    change('theme', document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark');
    appearance();
  }

  kiosk(on) {
    change('kiosk', on ? '1' : '');
    appearance();
    if (on) {
      document.documentElement.requestFullscreen?.().catch(() => {});
      this.rotate();
    } else if (document.fullscreenElement) document.exitFullscreen();
  }

  /** A wall with more than a screenful turns its pages by itself; and the screen stays on. */
  rotate() {
    navigator.wakeLock?.request('screen').catch(() => {});
    clearInterval(this.pages);
    this.pages = setInterval(() => {
      if (!('kiosk' in document.documentElement.dataset)) { clearInterval(this.pages); return; }
      const end = document.documentElement.scrollHeight - innerHeight - scrollY;
      scrollTo({ top: end > 8 ? scrollY + innerHeight * 0.9 : 0, behavior: 'instant' });
    }, KIOSK_PAGE_MS);
  }
}

/** Where a figure is from, in words, for the dialog. */
export function placeOf(record) {
  if (!record.definitions) return t('quality');
  const span = record.window ?? (new URLSearchParams(location.search).get('window') || '30m');
  const name = record.queue === '_all' ? t('totals') : record.queue;
  return [name, t(record.channel), t(`w_${span}`), timeSeconds(record.as_of)].join(' · ');
}

/** What a page does when its connection is another: without a token it asks for one, else it says so. */
export const connection = (status, connect, draw) => (state, detail) => {
  if (state === 'token') { askToken(connect); return; }
  status.connected(state, detail);
  draw();
};

/** Ask for the token, then go on. */
function askToken(next) {
  const dialog = el('dialog', 'token');
  const input = el('input');
  input.type = 'password';
  input.autocomplete = 'current-password';
  const form = el('form', '', el('h2', '', t('token_needed')), el('label', '', el('span', '', t('token')), input), el('button', '', t('token_send')));
  form.method = 'dialog';
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    token(input.value);
    dialog.close();
    dialog.remove();
    next();
  });
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
}
