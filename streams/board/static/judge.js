// How far each figure is from its target, and the order of the queues that follows from it.
// A miss of 0 is on target, 1 is far off; the thresholds are those of the alert rules.

export const LEVELS = ['on', 'off', 'far'];
export const MARKS = { on: '●', off: '▲', far: '◆', idle: '○', stale: '◌' };

const over = (value, target, far) => value == null || target == null ? 0 : (value - target) / (far - target);

/** The service level by the queue's formula; where definitions differ, by the usual one. */
export function serviceLevel(record) {
  const formula = record.definitions.default_formula ?? 'offered_less_short';
  return record.figures?.service_level?.[formula] ?? null;
}

export const staffed = (agents) => agents.on_contact + agents.wrapup + agents.ringing + agents.available;
export const backlog = (record) => {
  const stock = record.live.backlog;
  return stock ? stock.open + stock.pending + stock.on_hold : null;
};

/** Misses by figure. `nowMs` ticks, so the oldest wait can push a queue up without a new record. */
export function misses(record, nowMs) {
  const { live, figures, definitions } = record;
  const aim = definitions.targets;
  const found = {};
  const T = definitions.service_level_seconds;
  if (live.oldest_waiting_at != null && T != null) {
    found.oldest_wait = over((nowMs - live.oldest_waiting_at) / 1000, T, 3 * T);
  }
  if (record.channel !== 'ticket' && live.waiting > 0 && staffed(live.agents) === 0) found.waiting = 2;
  if (!figures) return found;
  const level = serviceLevel(record);
  if (level != null && aim.service_level != null) {
    found.service_level = (aim.service_level - level) / (aim.service_level * 0.2);
  }
  found.abandonment = over(figures.abandonment_ratio, aim.abandonment, aim.abandonment * 2);
  found.aht = over(figures.handle_mean_seconds, aim.handle_seconds, aim.handle_seconds * 1.5);
  found.occupancy = over(figures.occupancy_ratio, aim.occupancy_high, aim.occupancy_limit);
  if (record.channel === 'ticket') {
    found.first_response = over(figures.first_response_mean_seconds, aim.first_response_seconds, aim.first_response_seconds * 2);
  }
  return found;
}

/** 'on', 'off' or 'far' of one miss. A hair's breadth is no miss. */
export function levelOf(miss) {
  if (!(miss > 1e-9)) return 'on';
  return miss < 1 ? 'off' : 'far';
}

/** The verdict on a queue: its level, each figure's level, and a score to order by. */
export function judge(record, nowMs) {
  const each = misses(record, nowMs);
  const levels = {};
  let worst = 0;
  let sum = 0;
  for (const [figure, miss] of Object.entries(each)) {
    levels[figure] = levelOf(miss);
    worst = Math.max(worst, LEVELS.indexOf(levels[figure]));
    sum += Math.min(3, Math.max(0, miss));
  }
  const figures = record.figures;
  const idle = record.live.waiting === 0 && record.live.handling === 0 && !backlog(record)
    && (!figures || figures.offered + figures.handled + figures.tickets_opened === 0);
  return { level: idle ? 'idle' : LEVELS[worst], levels, score: idle ? -1 : worst * 100 + sum };
}

/**
 * Worst first; equals by waiting, then by name, so that the order does not flicker. A stale queue
 * comes after those known to be off target: the best place is not for figures nobody can trust.
 */
export function worstFirst(entries, nowMs, staleMs) {
  const rank = ({ record, verdict }) => nowMs - record.as_of > staleMs ? verdict.score / 1000 : verdict.score;
  return entries.sort((a, b) => rank(b) - rank(a) || b.record.live.waiting - a.record.live.waiting
    || (a.id < b.id ? -1 : 1));
}
