// The records the page holds: newest per queue, with history, verdict and totals.

import { judge } from './judge.js';

export const idOf = (tenant, queue, channel) => JSON.stringify([tenant, queue, channel]);
const QUEUE_ORDER = { voice: 0, chat: 1, ticket: 2 };

export class Model {
  constructor() {
    this.entries = new Map();
    this.status = null;
    this.fresh = null; // ids seen since a reconnection; the others are gone when it is complete
    this.dirty = new Set();
    this.staleMs = 30_000;
    this.heardMs = null; // when records last came, whatever their time
  }

  /** Take one event of the stream; true if something to draw changed. */
  take(name, data, nowMs) {
    if (name === 'hello') this.fresh = new Set();
    else if (name === 'ready') this.forget();
    else if (name === 'status') {
      this.status = data;
      this.staleMs = data.stale_ms;
    } else if (name === 'kpis') {
      if (!this.fresh) this.heardMs = nowMs;
      for (const record of data.items) this.put(record, nowMs);
      for (const [tenant, queue, channel] of data.gone) this.drop(idOf(tenant, queue, channel));
    } else if (name === 'history') {
      for (const item of data.items) {
        const entry = this.entry(idOf(item.tenant, item.queue, item.channel));
        entry.history = item;
        this.dirty.add(entry.id);
      }
    } else return false;
    return true;
  }

  entry(id) {
    let entry = this.entries.get(id);
    if (!entry) this.entries.set(id, entry = { id, record: null, history: null, verdict: null });
    return entry;
  }

  put(record, nowMs) {
    const entry = this.entry(idOf(record.tenant, record.queue, record.channel));
    entry.record = record;
    entry.verdict = judge(record, nowMs);
    this.aged = null;
    this.fresh?.add(entry.id);
    this.dirty.add(entry.id);
  }

  drop(id) {
    this.aged = null;
    this.entries.delete(id);
    this.dirty.add(id);
  }

  forget() {
    if (this.fresh) for (const id of this.entries.keys()) if (!this.fresh.has(id)) this.drop(id);
    this.fresh = null;
  }

  /** Judge all queues again: time alone can take an oldest wait past its limit. */
  judge(nowMs) {
    for (const entry of this.entries.values()) if (entry.record) entry.verdict = judge(entry.record, nowMs);
  }

  all() {
    return [...this.entries.values()].filter((entry) => entry.record);
  }

  /** Queues that take calls and chats; with `tickets`, ticket queues too. */
  queues(tickets) {
    return this.all().filter(({ record }) => record.queue !== '_all' && (record.channel !== 'ticket' || tickets));
  }

  /** The record that says how old another is: of `_all` the oldest of its queues, else itself. */
  oldest(record) {
    if (record.queue !== '_all') return record;
    return this.ages().get(JSON.stringify([record.tenant, record.channel])) ?? record;
  }

  /** The oldest record of each tenant and channel; made anew where a record came. */
  ages() {
    if (this.aged) return this.aged;
    this.aged = new Map();
    for (const { record } of this.all()) {
      const key = JSON.stringify([record.tenant, record.channel]);
      const known = this.aged.get(key);
      if (!known || record.as_of < known.as_of || (record.as_of === known.as_of && record.queue === '_all')) this.aged.set(key, record);
    }
    return this.aged;
  }

  /** The `_all` records of calls and chats. */
  totals() {
    return this.all().filter(({ record }) => record.queue === '_all' && record.channel !== 'ticket')
      .sort((a, b) => a.record.tenant.localeCompare(b.record.tenant) || QUEUE_ORDER[a.record.channel] - QUEUE_ORDER[b.record.channel]);
  }

  /** One entry a tenant for its ticket tile: the `_all` record, or the only or largest queue's. */
  tickets(nowMs) {
    const found = new Map();
    for (const entry of this.all()) {
      if (entry.record.channel !== 'ticket') continue;
      const { tenant } = entry.record;
      const group = found.get(tenant) ?? { whole: null, parts: [] };
      found.set(tenant, group);
      if (entry.record.queue === '_all') group.whole = entry; else group.parts.push(entry);
    }
    return [...found].map(([tenant, { whole, parts }]) => {
      if (whole) return { ...whole, parts };
      if (parts.length === 1) return parts[0];
      const record = added(tenant, parts.map((part) => part.record));
      return { id: idOf(tenant, '_all', 'ticket'), record, parts, verdict: judge(record, nowMs), history: null };
    });
  }

  newest() {
    let newest = 0;
    for (const { record } of this.entries.values()) if (record) newest = Math.max(newest, record.as_of);
    return newest;
  }

  tenants() {
    return [...new Set(this.all().map((entry) => entry.record.tenant))].sort();
  }
}

/** Numbers added up, objects by key; null where a record lacks one. */
function together(values) {
  if (values.some((value) => value == null)) return null;
  if (typeof values[0] === 'number') return values.reduce((sum, value) => sum + value, 0);
  return Object.fromEntries(Object.keys(values[0]).map((key) => [key, together(values.map((value) => value[key]))]));
}

/** Ticket queues together when a filter leaves out the `_all` record: sums, then divided. */
function added(tenant, records) {
  const sum = (name) => records.reduce((total, record) => total + (record.figures?.[name] ?? 0), 0);
  const of = (name) => together(records.map((record) => record.live[name]));
  const first = (name) => records.map((record) => record.live[name]).filter((at) => at != null).sort((a, b) => a - b)[0] ?? null;
  const figures = { ...records[0].figures };
  for (const name of ['offered', 'handled', 'tickets_opened', 'first_responses', 'first_response_seconds', 'tickets_resolved', 'resolution_seconds', 'tickets_reopened']) figures[name] = sum(name);
  figures.first_response_mean_seconds = figures.first_responses ? figures.first_response_seconds / figures.first_responses : null;
  figures.resolution_mean_seconds = figures.tickets_resolved ? figures.resolution_seconds / figures.tickets_resolved : null;
  const sla = together(records.map((record) => record.figures?.ticket?.sla));
  for (const one of Object.values(sla ?? {})) one.compliance_ratio = one.met + one.breached ? one.met / (one.met + one.breached) : null;
  Object.assign(figures, { ticket: sla && { ...figures.ticket, sla }, resolution_in_time_ratio: sla?.resolution.compliance_ratio ?? null });
  const live = { ...records[0].live, oldest_open_at: first('oldest_open_at'), next_due_at: first('next_due_at') };
  for (const name of ['backlog', 'backlog_age', 'backlog_unassigned', 'complaints_open', 'sla']) live[name] = of(name);
  return {
    ...records[0], tenant, queue: '_all', as_of: Math.min(...records.map((record) => record.as_of)), figures, live,
  };
}
