// The alerts that fire, as Alertmanager tells them: a line at the top, a line on their queue's card,
// and a sound, once a page, for whoever has asked for it.
// Their words are Prometheus' own, in one language; what is around them is in the reader's.

import { attr, count, el, set, t, time } from './texts.js';
import { idOf } from './model.js';

const IN_LINE = 3; // more do not fit; all are in the list below it
const MOST_HEARD = 1_000;
const TONES = [[880, 0], [660, 0.22], [880, 0.44]]; // Hz, s after the start
const TONE_SECONDS = 0.18;

/** What an alert says about its queue, without the queue's name in front. */
const words = ({ summary, queue, channel }) => summary.startsWith(`${queue} (${channel}): `) ? summary.slice(queue.length + channel.length + 5) : summary;

/** Severity as a word; one that nobody is told of says so. */
const severity = (alert) => alert.muted ? t('alert_muted') : t(`alert_${alert.severity}`);

/** How it was judged: value, limit, and over which time. */
const judged = ({ value, limit, window: span }) => [value, limit && t('alert_limit', { limit }), span].filter(Boolean).join(' · ');

/** Off until it is clicked, for browsers let nothing sound before; the click sounds as a test. */
class Sound {
  constructor(button) {
    this.button = button;
    this.context = null;
    button.addEventListener('click', () => {
      if (this.context) this.context.close();
      this.context = this.context ? null : new AudioContext();
      this.label();
      this.play();
    });
    this.label();
  }

  label() {
    const text = t(this.context ? 'sound_off' : 'sound_on');
    this.button.title = text;
    this.button.setAttribute('aria-label', text);
    attr(this.button, 'data-on', this.context ? '' : null);
  }

  play() {
    if (!this.context) return;
    this.context.resume();
    for (const [hertz, after] of TONES) {
      const tone = this.context.createOscillator();
      const volume = this.context.createGain();
      const start = this.context.currentTime + after;
      tone.frequency.value = hertz;
      volume.gain.setValueAtTime(0.3, start);
      volume.gain.exponentialRampToValueAtTime(0.001, start + TONE_SECONDS);
      tone.connect(volume).connect(this.context.destination);
      tone.start(start);
      tone.stop(start + TONE_SECONDS);
    }
  }
}

export class Alerts {
  /** `button` arms the sound; a page without one is silent. */
  constructor(root, button) {
    this.items = [];
    this.more = 0;
    this.heard = null; // pages that have sounded, or were there before the page was opened
    this.sound = button ? new Sound(button) : null;
    this.button = button;
    this.node = root.querySelector('.alerts');
    this.node.setAttribute('aria-label', t('alerts'));
    this.news = el('p', 'hidden');
    this.news.setAttribute('role', 'alert');
    this.away = el('p', 'alerts-away');
    this.away.setAttribute('role', 'status');
    this.line = el('button', 'alerts-line');
    this.line.type = 'button';
    this.list = el('ul', 'alerts-list');
    this.open(false);
    this.line.addEventListener('click', () => this.open(this.list.hidden));
    this.node.append(this.news, this.away, this.line, this.list);
  }

  /** Take the alerts that fire now: those of the queues on the page, and those of no queue. */
  take({ items, more }) {
    this.items = items;
    this.more = more;
    this.begin(items.filter((alert) => alert.severity === 'page' && !alert.muted));
  }

  /** `state` is how the board hears of alerts, of its status; `cards` those on the page. */
  draw(state, cards) {
    const wanted = this.items;
    const lost = state?.state === 'lost';
    if (this.button) attr(this.button, 'hidden', state && state.state !== 'off' ? null : '');
    attr(this.node, 'hidden', lost || wanted.length ? null : '');
    attr(this.node, 'data-severity', wanted.find((alert) => !alert.muted)?.severity ?? null);
    attr(this.away, 'hidden', lost ? null : '');
    set(this.away, lost ? t('alerts_away', { time: time(state.since_ms), reason: state.detail }) : '');
    attr(this.line, 'hidden', wanted.length ? null : '');
    if (!wanted.length) this.open(false);
    this.fill(wanted);
    this.mark(cards);
  }

  open(yes) {
    this.list.hidden = !yes;
    this.line.setAttribute('aria-expanded', yes);
  }

  /** Sound and say pages that have begun; those that were there when the page was opened do neither. */
  begin(pages) {
    const keys = pages.map(({ id, since_ms: since }) => `${id} ${since}`);
    const begun = this.heard ? pages.filter((_, index) => !this.heard.has(keys[index])) : [];
    if (this.heard && this.heard.size + keys.length > MOST_HEARD) this.heard.clear();
    this.heard = new Set([...this.heard ?? [], ...keys]);
    if (!begun.length) return;
    set(this.news, begun.map((alert) => `${severity(alert)} ${alert.summary}`).join('. '));
    this.sound?.play();
  }

  /** The line, as many as fit; and the list that it opens. */
  fill(alerts) {
    const rest = Math.max(0, alerts.length - IN_LINE) + this.more;
    const parts = alerts.slice(0, IN_LINE).map((alert) => [alert, `${severity(alert)} ${alert.summary}`]);
    if (this.line.children.length !== parts.length + 1) this.line.replaceChildren(...parts.map(() => el('span', 'alerts-one')), el('span', 'alerts-rest'));
    parts.forEach(([alert, text], index) => {
      set(this.line.children[index], text);
      attr(this.line.children[index], 'data-severity', alert.muted ? 'muted' : alert.severity);
    });
    set(this.line.lastChild, rest ? t('alerts_more', { n: count(rest) }) : '');
    while (this.list.children.length > alerts.length) this.list.lastChild.remove();
    alerts.forEach((alert, index) => this.item(this.list.children[index] ?? this.list.appendChild(item()), alert));
  }

  item(node, alert) {
    const [word, name, facts, link] = node.children;
    attr(node, 'data-severity', alert.muted ? 'muted' : alert.severity);
    set(word, severity(alert));
    set(name, alert.summary);
    attr(name, 'href', alert.queue ? `/queue?${new URLSearchParams({ tenant: alert.tenant, queue: alert.queue, channel: alert.channel })}` : null);
    set(facts, [judged(alert), alert.waiting && t('alert_waiting', { waiting: alert.waiting }),
      alert.old_figures && t('alert_old', { age: alert.old_figures }), t('alert_since', { time: time(alert.since_ms) })].filter(Boolean).join(' · '));
    attr(link, 'hidden', alert.runbook_url ? null : '');
    attr(link, 'href', alert.runbook_url || null);
  }

  /** On each card and row the alerts of its queue. */
  mark(cards) {
    const of = new Map();
    for (const alert of this.items) {
      const id = idOf(alert.tenant, alert.queue, alert.channel);
      of.set(id, [...of.get(id) ?? [], alert]);
    }
    for (const card of cards) {
      const alerts = of.get(card.node.dataset.key) ?? [];
      const [first] = alerts;
      if (!first && !card.alerts) continue;
      const { alert: sign } = card.head;
      const row = card.form.endsWith('tile');
      const whole = alerts.map((alert) => `${severity(alert)} ${words(alert)} · ${judged(alert)}`).join('\n');
      attr(card.node, 'data-alert', first ? first.muted ? 'muted' : first.severity : null);
      attr(sign, 'hidden', first && row ? null : '');
      set(sign, first ? '!' : '');
      attr(sign, 'role', 'img');
      attr(sign, 'aria-label', first ? whole : null);
      attr(sign, 'title', first ? whole : null);
      if (row) { card.alerts = first; continue; }
      card.alerts ??= card.head.node.insertAdjacentElement('afterend', el('p', 'card-alerts', el('b'), ' ', el('span')));
      attr(card.alerts, 'hidden', first ? null : '');
      if (!first) continue;
      attr(card.alerts, 'title', whole);
      set(card.alerts.firstChild, severity(first));
      set(card.alerts.lastChild, [words(first), first.window,
        alerts.length > 1 && t('alerts_more', { n: count(alerts.length - 1) })].filter(Boolean).join(' · '));
    }
  }
}

function item() {
  const link = el('a', 'alerts-link', t('alert_runbook'));
  link.target = '_blank';
  link.rel = 'noreferrer';
  return el('li', '', el('b'), el('a'), el('span', 'alerts-facts'), link);
}
