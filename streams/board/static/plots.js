// Interval history: four plots by uPlot and the same figures as a table.

import { NONE, attr, count, definition, duration, el, moment, percentShort, span, t, time } from './texts.js';
import { serviceLevel } from './judge.js';

// of each plot the figure that other days are drawn of, and their dashes in px
const BESIDE = { offered: 'offered', service_level: 'service_level', aht: 'aht', occupancy: 'occupancy', slot_occupancy: 'occupancy', opened: 'tickets_opened', first_response: 'first_response' };
const DAYS = [['yesterday', 'of_yesterday', [2, 3]], ['usual', 'of_usual', [8, 4]]];

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);
const level = (item) => serviceLevel({ definitions: item.definitions, figures: item.figures });
const gap = (value) => value ?? null;

// name, text of the y axis, series: [name, colour, value of an interval, 'bar', 'line' or 'stack'];
// each stacked bar stands on those before it, and together they are what left the queue
const CONTACT_PLOTS = [
  { name: 'plot_volume', y: count, low: 0, series: [
    ['offered', '--text', (item) => item.figures.offered, 'line'],
    ['answered', '--state-1', (item) => item.figures.answered, 'stack'],
    ['flowed_out', '--state-3', (item) => item.figures.flowed_out, 'stack'],
    ['abandoned', '--far', (item) => item.figures.abandoned, 'stack']] },
  { name: 'plot_level', y: percentShort, low: 0, high: 1, target: (aim) => aim.service_level, series: [
    ['service_level', '--accent', level, 'line'],
    ['abandonment', '--far', (item) => item.figures.abandonment_ratio, 'line']] },
  { name: 'plot_times', y: duration, low: 0, target: (aim) => aim.handle_seconds, series: [
    ['aht', '--accent', (item) => item.figures.handle_mean_seconds, 'line'],
    ['wait_mean', '--off', (item) => item.figures.wait_mean_seconds, 'line']] },
  { name: 'plot_occupancy', y: percentShort, low: 0.4, high: 1, target: (aim) => aim.occupancy_limit, band: (aim) => [aim.occupancy_low, aim.occupancy_high], series: [
    ['occupancy', '--accent', (item) => item.figures.occupancy_ratio, 'line']] },
];
const TICKET_PLOTS = [
  { name: 'plot_tickets', y: count, low: 0, series: [
    ['opened', '--state-2', (item) => item.figures.tickets_opened, 'bar'],
    ['resolved', '--state-4', (item) => item.figures.tickets_resolved, 'line'],
    ['reopened', '--far', (item) => item.figures.tickets_reopened, 'line']] },
  { name: 'plot_ticket_times', y: span, low: 0, target: (aim) => aim.first_response_seconds, series: [
    ['first_response', '--accent', (item) => item.figures.first_response_mean_seconds, 'line']] },
];

// steps of a time axis, in seconds: its labels are then whole minutes and hours
const TIME_STEPS = [1, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400, 604_800];

/** The values of each series; those of a stack with what they stand on. */
function heights(shape, items) {
  const below = items.map(() => 0);
  return shape.series.map(([, , read, kind]) => items.map((item, index) => {
    const value = gap(read(item));
    return kind === 'stack' ? below[index] += value ?? 0 : value;
  }));
}

const nameOf = (id) => definition(id).name ?? t(id);
/** A shape's series in the order they are drawn: a stack from its top, lines over all. */
const drawn = (shape) => shape.series.some(([, , , kind]) => kind === 'stack') ? [...shape.series].reverse() : shape.series;
const CHAT_PLOTS = [...CONTACT_PLOTS.slice(0, -1), { ...CONTACT_PLOTS.at(-1), low: 0, series: [
  ['slot_occupancy', '--accent', (item) => item.figures.slot_occupancy_ratio, 'line']] }];
const plotsOf = (channel) => ({ voice: CONTACT_PLOTS, chat: CHAT_PLOTS, ticket: TICKET_PLOTS })[channel];

/** Band and target behind the series, from the queue's targets. */
function backdrop(shape, aims) {
  return (plot) => {
    const { ctx, bbox } = plot;
    const aim = aims();
    if (!aim) return;
    ctx.save();
    const band = shape.band?.(aim);
    if (band?.every((value) => value != null)) {
      const top = plot.valToPos(band[1], 'y', true);
      ctx.fillStyle = css('--band');
      ctx.fillRect(bbox.left, top, bbox.width, plot.valToPos(band[0], 'y', true) - top);
    }
    const value = shape.target?.(aim);
    if (value != null) {
      const y = plot.valToPos(value, 'y', true);
      ctx.strokeStyle = css('--soft');
      ctx.lineWidth = 1.5 * devicePixelRatio;
      ctx.setLineDash([6 * devicePixelRatio, 5 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    ctx.restore();
  };
}

/** The lines of other days that a plot has, where they are known: of its first figure that is compared. */
function others(shape, days, items) {
  const one = shape.series.find(([id]) => BESIDE[id]);
  if (!days || !one) return [];
  const places = new Map(days.at.map((start, index) => [start, index]));
  return DAYS.map(([key, text, dash]) => ({
    name: t(text, { name: nameOf(one[0]) }), colour: one[1], dash,
    values: items.map(({ interval_start: start }) => gap(days.slots[BESIDE[one[0]]][key][places.get(start)])),
  })).filter(({ values }) => values.some((value) => value !== null));
}

function options(shape, box, aims, own, beside) {
  const font = `${Math.round(rem() * 0.68)}px Inter, sans-serif`;
  const axis = { stroke: css('--soft'), font, grid: { stroke: css('--line'), width: 1 }, ticks: { show: false } };
  const range = (plot, low, high) => {
    const aim = aims();
    const target = (aim && shape.target?.(aim)) ?? 0;
    return [shape.low, shape.high ?? (Math.max(high ?? 1, target) * 1.12 || 1)];
  };
  return {
    width: box.clientWidth, height: box.clientHeight,
    padding: [rem() * 0.4, rem() * 1.2, 0, 0],
    legend: { markers: { width: 0, fill: (_, index) => index ? css(drawn(shape)[index - 1]?.[1] ?? beside[index - 1 - drawn(shape).length].colour) : 'transparent' } },
    cursor: { points: { size: 7 }, y: false },
    // room for the newest interval, which begins at the last point; at least two hours wide
    scales: { x: { time: true, range: (_, first, last) => [Math.min(first, last - 7_200), last + 900] }, y: { range } },
    axes: [
      { ...axis, values: (_, ticks) => ticks.map((value) => time(value * 1000)), size: rem() * 1.6 },
      { ...axis, values: (_, ticks) => ticks.map(shape.y), size: rem() * 3.2, space: rem() * 2, incrs: [duration, span].includes(shape.y) ? TIME_STEPS : undefined },
    ],
    series: [{ label: t('interval'), value: (_, value) => value == null ? '' : moment(value * 1000) },
      ...drawn(shape).map(([id, colour, , kind], index) => ({
        label: nameOf(id), stroke: css(colour), width: kind === 'line' ? 2.5 : 0, spanGaps: false,
        fill: kind === 'line' ? undefined : css(colour),
        paths: kind === 'line' ? undefined : window.uPlot.paths.bars({ size: [0.7, 60], align: 1 }),
        points: { show: kind === 'line', size: 5, fill: css(colour) },
        // its own value, not the height it reaches
        value: (_, __, ___, at) => at == null || own[index][at] == null ? NONE : shape.y(own[index][at]),
      })),
      ...beside.map(({ name, colour, dash }) => ({
        label: name, stroke: css(colour), width: 1.2, dash: dash.map((px) => px * devicePixelRatio), points: { show: false }, spanGaps: false,
        value: (_, value) => value == null ? NONE : shape.y(value),
      }))],
    hooks: { drawAxes: [backdrop(shape, aims)] },
  };
}

export class Plots {
  constructor(root, channel) {
    this.root = root;
    this.shapes = plotsOf(channel);
    this.aim = null;
    this.items = [];
    this.days = null;
    this.key = '';
    this.built = [];
    this.resized = new ResizeObserver(() => this.size());
    // colours are drawn into the canvas: another theme means drawing again
    new MutationObserver(() => this.build()).observe(document.documentElement, { attributeFilter: ['data-theme'] });
  }

  targets(definitions) {
    const changed = JSON.stringify(definitions.targets) !== JSON.stringify(this.aim);
    this.aim = definitions.targets;
    if (changed) for (const { plot } of this.built) plot.redraw();
  }

  /** Show these intervals; the same ones again cost nothing. */
  show(items) {
    const key = items.map((item) => `${item.interval_start} ${item.revision} ${item.final}`).join();
    if (key === this.key && this.built.length) return;
    this.key = key;
    this.items = items;
    this.build();
  }

  /** Draw other days beside these: what `/api/compared` says of today's slots. */
  beside(days) {
    const key = JSON.stringify(days.slots);
    if (key === this.daysKey) return;
    this.daysKey = key;
    this.days = days;
    if (this.items.length) this.build();
  }

  build() {
    this.resized.disconnect();
    for (const { plot } of this.built) plot.destroy();
    this.built = [];
    if (!this.items.length) {
      this.root.replaceChildren(el('p', 'empty', t('no_intervals')));
      return;
    }
    const x = this.items.map((item) => item.interval_start / 1000);
    this.root.replaceChildren();
    for (const shape of this.shapes) {
      const box = el('div', 'plot-box');
      const figure = el('figure', 'plot', el('figcaption', '', t(shape.name)), box);
      this.root.append(figure);
      const own = drawn(shape).map(([, , read]) => this.items.map((item) => gap(read(item))));
      const high = heights(shape, this.items);
      const beside = others(shape, this.days, this.items);
      const data = [x, ...drawn(shape).map((series) => high[shape.series.indexOf(series)]),
        ...beside.map(({ values }) => values)];
      const plot = new window.uPlot(options(shape, box, () => this.aim, own, beside), data, box);
      attr(box, 'role', 'img');
      attr(box, 'aria-label', `${t(shape.name)}, ${t('history')}`);
      this.resized.observe(box);
      this.built.push({ plot, box });
    }
  }

  size() {
    for (const { plot, box } of this.built) {
      const legend = box.querySelector('.u-legend')?.offsetHeight ?? 0;
      const size = { width: box.clientWidth, height: Math.max(80, box.clientHeight - legend) };
      if (size.width && (size.width !== plot.width || size.height !== plot.height)) plot.setSize(size);
    }
  }
}

/** The intervals as a table, newest first. */
export function table(items, channel) {
  const columns = plotsOf(channel).flatMap((shape) => shape.series.map(([id, , read]) => [nameOf(id), (item) => {
    const value = read(item);
    return value == null ? NONE : shape.y(value);
  }]));
  const head = el('tr', '', el('th', '', t('interval')), ...columns.map(([name]) => el('th', '', name)), el('th'));
  for (const cell of head.children) cell.scope = 'col';
  head.lastChild.append(el('span', 'hidden', t('final')));
  const body = el('tbody');
  for (const item of [...items].reverse()) {
    const start = el('th', '', moment(item.interval_start));
    start.scope = 'row';
    body.append(el('tr', '', start, ...columns.map(([, read]) => el('td', '', read(item))), el('td', '', t(item.final ? 'final' : 'provisional'))));
  }
  return el('table', '', el('thead', '', head), body);
}
