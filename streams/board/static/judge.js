// How each figure stands to its target, and which queue comes first: people before percentages.
// In: records. Out: levels, and `pressure`, the one rule of the order, a number of people.
// Invariant: a level follows from the figure as it is shown. examples.json is ordered by this rule.

import { coarseSeconds, tenthsOf, wholeAge, wholeSeconds } from './rounding.js';

export const LEVELS = ['on', 'off', 'far'];
export const MARKS = { on: '●', off: '▲', far: '◆', idle: '○', stale: '◌' };
export const FEW = 2; // fewer people than this make no ratio far off
export const MOST_LIMITS = 3; // how often one who waits counts again, at most
export const BREACHED_COUNTS = 2; // a promise that was broken and is waited for counts so often
export const NEXT_SECONDS = 300; // the misses of so long, at the window's rate, count as people
const FAR_SHARE = 0.8; // of the target service level; the alerts' thresholds are the queues' own
const FAR_WAITS = 3;
const FAR_ABANDONMENT = 2;
const FAR_HANDLE = 1.5;
const FAR_RESPONSE = 2;

/** The service level by the queue's formula; where definitions differ, by the usual one. */
export function serviceLevel(record) {
  return record.figures?.service_level?.[formulaOf(record)] ?? null;
}

const formulaOf = (record) => record.definitions.default_formula ?? 'offered_less_short';

export const staffed = (agents) => agents.on_contact + agents.wrapup + agents.ringing + agents.available;
export const backlog = (record) => {
  const stock = record.live.backlog;
  return stock ? stock.open + stock.pending + stock.on_hold : null;
};

/** How many promises of a ticket record are in that state, of all three kinds; null where unsaid. */
export function clocks({ live }, state) {
  return live.sla ? Object.values(live.sla).reduce((sum, one) => sum + one[state], 0) : null;
}

/** Whether anything is promised: by the settings, or by a source, whose clock is there now. */
export function promised(record) {
  return record.definitions.sla != null || ['running', 'paused', 'breached_open'].some((state) => clocks(record, state) > 0);
}

/** The figure of occupancy that judges a channel, as the alerts do: chat by its slots in use. */
export const occupancyOf = (channel) => channel === 'chat' ? 'slot_occupancy' : 'occupancy';

/** How old a record is, in ms below 0 too: `stale` beyond the limit, `ahead` from the future. */
export function freshness(asOf, nowMs, staleMs) {
  const ageMs = nowMs - asOf;
  return { ageMs, state: ageMs > staleMs ? 'stale' : ageMs < -staleMs ? 'ahead' : 'fresh' };
}

/** 'on', 'off' or 'far' of a value that should not be above its target. */
function above(value, target, far) {
  if (value == null || target == null || value <= target) return 'on';
  return value > far ? 'far' : 'off';
}

/**
 * How many people of the window were failed beyond what the targets allow: answered too late, or
 * gone. Whom the system took out of the queue, as an overflow by design does, nobody has failed.
 */
export function missed({ figures, definitions }) {
  if (!figures) return 0;
  const aim = definitions.targets;
  const closed = figures.answered + figures.abandoned - figures.short_abandoned + figures.flowed_out;
  const lost = figures.abandoned - figures.short_abandoned;
  const tooMany = aim.abandonment == null ? 0 : lost - aim.abandonment * closed;
  return Math.max(0, tooMany, late({ figures, definitions }));
}

function late({ figures, definitions }) {
  const aim = definitions.targets.service_level;
  if (aim == null) return 0;
  const formula = formulaOf({ definitions });
  const inTime = figures.answered_in_threshold + (formula === 'removed_in_threshold' ? figures.abandoned_in_threshold : 0);
  const of = formula === 'answered_only' ? figures.answered
    : figures.threshold_decided - (formula === 'offered_less_short' ? figures.short_abandoned : 0);
  const byDesign = formula === 'answered_only' ? 0 : figures.flowed_out;
  return Math.min(aim * of - inTime, of - inTime - byDesign);
}

/** Length of the record's window in seconds: the mean depth is the waiting time over it. */
const windowSeconds = ({ depth_mean: depth, waiting_seconds: waited }) => depth > 0 ? waited / depth : 1_800;

/**
 * The one rule of the order, in people: who waits counts once; who waits beyond the limit counts
 * again for each limit the longest wait is beyond it, three times at most, and so often where
 * nobody works; and whom the next five minutes will fail, at the window's rate. Of tickets those
 * wait to whom something was promised: at risk once, breached and still open twice.
 */
export function pressure(record, nowMs) {
  const { live, figures, definitions } = record;
  if (record.channel === 'ticket') {
    const [risk, late] = [clocks(record, 'at_risk') ?? 0, clocks(record, 'breached_open') ?? 0];
    return { waiting: risk, late, limits: BREACHED_COUNTS, failing: 0, people: risk + late * BREACHED_COUNTS };
  }
  const limit = definitions.service_level_seconds;
  const age = live.oldest_waiting_at == null ? 0 : wholeAge(nowMs - live.oldest_waiting_at);
  const nobody = live.waiting > 0 && staffed(live.agents) === 0;
  const beyond = limit != null && age > limit;
  const many = nobody ? live.waiting : beyond ? Math.min(live.waiting, Math.max(1, live.waiting_over_threshold)) : 0;
  const limits = nobody ? MOST_LIMITS : beyond ? Math.min(MOST_LIMITS, (age - limit) / limit) : 0;
  const failing = figures ? missed(record) * NEXT_SECONDS / windowSeconds(figures) : 0;
  const people = Math.round((live.waiting + many * limits + failing) * 10) / 10;
  return { waiting: live.waiting, late: many, limits, failing, people };
}

/** Levels by figure, of those that have a target. `nowMs` ticks: an oldest wait gets worse by itself. */
export function levelsOf(record, nowMs) {
  const { live, figures, definitions } = record;
  const aim = definitions.targets;
  if (record.channel === 'ticket') return ticketLevels(record);
  const found = {};
  const limit = definitions.service_level_seconds;
  if (live.oldest_waiting_at != null && limit != null) found.oldest_wait = above(wholeAge(nowMs - live.oldest_waiting_at), limit, FAR_WAITS * limit);
  if (live.waiting > 0 && staffed(live.agents) === 0) found.waiting = 'far';
  if (!figures) return found;
  const percent = (ratio) => ratio == null ? null : tenthsOf(ratio);
  const seconds = (value) => value == null ? null : wholeSeconds(value);
  // a ratio that fewer than two people explain is no more than off: 1 of 1 is 100 %
  const few = missed(record) < FEW;
  const ofMany = (level) => level === 'far' && few ? 'off' : level;
  const level = percent(serviceLevel(record));
  if (level != null && aim.service_level != null) found.service_level = ofMany(above(-level, -percent(aim.service_level), -percent(aim.service_level * FAR_SHARE)));
  found.abandonment = ofMany(above(percent(figures.abandonment_ratio), percent(aim.abandonment), percent((aim.abandonment ?? 0) * FAR_ABANDONMENT)));
  found.aht = above(seconds(figures.handle_mean_seconds), seconds(aim.handle_seconds), FAR_HANDLE * aim.handle_seconds);
  const occupancy = occupancyOf(record.channel);
  found[occupancy] = above(percent(figures[`${occupancy}_ratio`]), percent(aim.occupancy_high), percent(aim.occupancy_limit ?? 1));
  return found;
}

/**
 * Of a ticket record, by what its card shows. Nobody has failed whose promise is only at risk; the
 * breached ones still open are far off where they are more of the backlog than the target allows.
 */
function ticketLevels(record) {
  const { figures, definitions: { targets: aim } } = record;
  const coarse = (seconds) => seconds == null ? null : coarseSeconds(seconds);
  const found = {};
  if (clocks(record, 'at_risk') > 0) found.at_risk = 'off';
  const late = clocks(record, 'breached_open');
  const allowed = aim.resolution_ratio == null ? Infinity : Math.round((1 - aim.resolution_ratio) * backlog(record) * 10) / 10;
  if (late > 0) found.breached_open = late >= FEW && late > allowed ? 'far' : 'off';
  if (!figures) return found;
  const promises = figures.ticket?.sla;
  for (const [id, promise, share] of [
    ['first_response_in_time', promises?.first_response, aim.first_response_ratio],
    ['resolution_in_time', promises?.resolution, aim.resolution_ratio]]) {
    const level = keptLevel(promise, share);
    if (level) found[id] = level;
  }
  found.first_response = above(coarse(figures.first_response_mean_seconds), coarse(aim.first_response_seconds), FAR_RESPONSE * aim.first_response_seconds);
  return found;
}

/** Of promises kept and broken against the share to be kept; undefined where none was decided. */
function keptLevel(promise, share) {
  const decided = promise ? promise.met + promise.breached : 0;
  if (!decided || share == null) return undefined;
  const few = share * decided - promise.met < FEW;
  const level = above(-tenthsOf(promise.met / decided), -tenthsOf(share), -tenthsOf(share * FAR_SHARE));
  return level === 'far' && few ? 'off' : level;
}

const SERVICE = [
  'waiting', 'oldest_wait', 'service_level', 'abandonment', 'first_response', 'breached_open', 'first_response_in_time', 'resolution_in_time'];

/**
 * The verdict on a queue: its level, each figure's level, its place (`broken`: customers wait too
 * long or leave; `strained`: only its agents are off, or promises at risk) and the people it weighs.
 * A card is far off by its service alone; overloaded agents make it off.
 */
export function judge(record, nowMs) {
  const levels = levelsOf(record, nowMs);
  const worst = (names) => names.reduce((most, name) => Math.max(most, LEVELS.indexOf(levels[name])), 0);
  const service = worst(SERVICE);
  const strained = worst(['aht', occupancyOf(record.channel), 'at_risk']) > 0;
  const { figures, live } = record;
  const idle = live.waiting === 0 && live.handling === 0 && !backlog(record)
    && (!figures || figures.offered + figures.handled + figures.tickets_opened === 0);
  const level = idle ? 'idle' : LEVELS[Math.max(service, strained ? 1 : 0)];
  return { level, levels, place: idle ? 'idle' : service ? 'broken' : strained ? 'strained' : 'on', people: pressure(record, nowMs).people, stock: backlog(record) ?? 0 };
}

const PLACES = ['idle', 'on', 'stale', 'strained', 'broken'];

/**
 * Worst first: queues that fail customers, by people; then those whose agents are overloaded; then
 * stale ones that were either: the best place is not for figures nobody can trust; then the rest.
 * Equals by their backlog of tickets, then by name, so that the order does not flicker.
 */
export function worstFirst(entries, nowMs, staleMs) {
  const place = ({ record, verdict }) => {
    const rank = PLACES.indexOf(verdict.place);
    return freshness(record.as_of, nowMs, staleMs).state === 'fresh' ? rank : Math.min(rank, PLACES.indexOf('stale'));
  };
  const keyed = entries.map((entry) => ({ entry, place: place(entry), people: entry.verdict.people }));
  keyed.sort((a, b) => b.place - a.place || b.people - a.people || b.entry.verdict.stock - a.entry.verdict.stock || (a.entry.id < b.entry.id ? -1 : 1));
  return keyed.map(({ entry }) => entry);
}
