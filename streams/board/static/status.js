// The line that says whether to trust the page: connection, Kafka, workers, age; and data quality.

import { ageText, attr, count, definition, el, percentShort, set, t, time, timeSeconds } from './texts.js';
import { path } from './figures.js';
import { fitting } from './names.js';
import { freshness } from './judge.js';
import { now } from './stream.js';

const MOST_SOURCES = 8;
// an anomaly or an orphan now and then is a day's business; these are data that do not count
const ALARMING = ['late', 'dead_letters', 'unknown_agents'];
const COUNTS = ['late', 'dead_letters', 'did_nothing', 'took_effect_otherwise', 'given_up_by_age', 'orphaned', 'unknown_agents'];

/** What is wrong, worst first, or null: {kind, text, since}; without a text it is said below the wall. */
function trouble(connection, status, board) {
  if (connection.state === 'refused') return { kind: 'refused', text: t('refused', { detail: connection.detail }) };
  if (connection.state === 'lost') return { kind: 'lost', text: t('lost', { time: timeSeconds(connection.since) }), since: connection.since };
  if (!status) return null;
  const { kafka } = status;
  if (kafka.state === 'lost') return { kind: 'kafka', text: t('kafka_lost', { time: timeSeconds(kafka.since_ms) }), since: kafka.since_ms };
  if (kafka.state === 'missing') return { kind: 'missing', text: t('kafka_missing', { detail: kafka.detail }) };
  if (kafka.state === 'connecting') return { kind: 'kafka', text: t('kafka_connecting') };
  const unready = (status.workers ?? []).find((worker) => !worker.ready);
  if (unready) return { kind: 'worker', text: t('worker_unready', { name: unready.name, detail: reason(unready) }) };
  if (kafka.state === 'loading') return { kind: 'loading' };
  if (!status.records) return { kind: 'empty' };
  if (!board.newest) return null;
  const { state, ageMs } = freshness(board.newest, now(), board.staleMs);
  if (state === 'ahead') return { kind: 'clock', text: t('clock_ahead', { age: ageText(-ageMs) }) };
  if (state === 'stale') {
    const heard = board.heard !== null && now() - board.heard < board.staleMs;
    return { kind: 'stale', text: t(heard ? 'behind' : 'all_stale', { time: time(board.newest) }), since: board.newest };
  }
  return null;
}

/** One count of the data's quality: its id, name, text, and whether to mark it. */
function counted(id, quality) {
  const { marked } = definition(id);
  const value = path(quality, definition(id).value);
  const share = quality.effective_lately > 0 ? quality.did_nothing_lately / quality.effective_lately : 0;
  const many = marked && quality.did_nothing_lately >= marked.at_least && share > marked.above_share;
  return [id, definition(id).name, many ? `${count(value)} · ${percentShort(share)}` : count(value), many || (ALARMING.includes(id) && value > 0)];
}

/** Why a worker is not ready, in words: its own, or what kept the board from hearing them. */
function reason({ reason: word, detail }) {
  return word === 'said' ? detail && t('worker_said', { detail }) : t(`worker_${word}`);
}

export class Status {
  constructor(root) {
    this.link = root.querySelector('.link');
    this.text = root.querySelector('.link-text');
    this.clock = root.querySelector('.clock');
    this.alarm = root.querySelector('.alarm');
    this.alarmText = root.querySelector('.alarm-text');
    this.alarmAge = root.querySelector('.alarm-age');
    this.list = root.querySelector('.quality ul');
    this.connection = { state: 'connecting', since: null };
    this.status = null;
    this.items = new Map();
    this.clock.title = t('server_time');
  }

  /** The connection's state as the stream reports it. */
  connected(state, detail) {
    if (state === 'lost' && this.connection.state === 'lost') return;
    this.connection = { state, detail, since: now() };
  }

  /** Once a second, and after each status event. */
  tick(board) {
    const problem = trouble(this.connection, this.status, board);
    const state = problem ? problem.kind : this.connection.state;
    attr(this.link, 'data-state', state);
    attr(document.body, 'data-state', state);
    set(this.text, t(`link_${state}`));
    set(this.clock, timeSeconds(now()));
    attr(this.alarm, 'hidden', problem?.text ? null : '');
    // the age ticks in its own, silent element: a screen reader hears the sentence once
    set(this.alarmText, problem?.text ?? '');
    set(this.alarmAge, problem?.since ? ageText(now() - problem.since) : '');
    this.quality();
  }

  quality() {
    const quality = this.status?.quality;
    const wanted = [];
    const sources = Object.entries(quality?.sources ?? {});
    // of many sources, those silent longest
    const silent = sources.length > MOST_SOURCES ? sources.sort((a, b) => (a[1] ?? 0) - (b[1] ?? 0)).slice(0, MOST_SOURCES) : sources;
    const names = fitting(silent.map(([name]) => name));
    const quietMs = definition('source_age').marked.above_seconds * 1_000;
    for (const [name, last] of silent) {
      const quiet = last == null || now() - last > quietMs;
      wanted.push(['source_age', names.get(name), last == null ? '–' : ageText(now() - last), quiet]);
    }
    if (silent.length < sources.length) wanted.push(['more', t('more_sources', { n: count(sources.length - silent.length) }), '', false]);
    if (quality) for (const id of COUNTS) wanted.push(counted(id, quality));
    const skipped = Object.values(this.status?.skipped ?? {}).reduce((sum, n) => sum + n, 0);
    if (skipped) wanted.push(['skipped', t('skipped'), count(skipped), true]);
    if (!quality) wanted.push(['none', t('no_quality'), '', false]);
    const seen = new Set();
    for (const [id, name, value, bad] of wanted) {
      const key = `${id} ${name}`;
      seen.add(key);
      const item = this.items.get(key) ?? this.item(key, id, name);
      set(item.value, value);
      attr(item.value, 'data-value', value);
      attr(item.node, 'data-level', bad ? 'off' : null);
      set(item.mark, bad ? '▲' : '');
    }
    for (const [key, item] of this.items) if (!seen.has(key)) { item.node.remove(); this.items.delete(key); }
  }

  item(key, id, name) {
    const value = el('b');
    const mark = el('i', 'fig-mark');
    mark.setAttribute('aria-hidden', 'true');
    const plain = id === 'skipped' || id === 'none' || id === 'more';
    const inner = el(plain ? 'span' : 'button', 'quality-item', mark, el('span', '', name), ' ', value);
    if (!plain) { inner.type = 'button'; inner.dataset.figure = id; }
    const made = { node: el('li', '', inner), value, mark };
    this.list.append(made.node);
    this.items.set(key, made);
    return made;
  }
}
