// Sparklines: the last hour as one SVG path. One value a minute; a gap stays a gap.

const NS = 'http://www.w3.org/2000/svg';

function node(name, attributes) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** An empty sparkline; `draw` fills it. */
export function spark(kind) {
  const svg = node('svg', { viewBox: '0 0 59 24', preserveAspectRatio: 'none', class: `spark spark-${kind}`, 'aria-hidden': 'true' });
  svg.append(node('path', { class: 'spark-area' }), node('path', { class: 'spark-line' }), node('path', { class: 'spark-target' }));
  return svg;
}

/** Draw values between `low` and `high`; `target` is a dashed line. */
export function draw(svg, values, low, high, target) {
  const [area, line, aim] = svg.children;
  // half a stroke from either edge
  const y = (value) => (23 - 22 * Math.min(1, Math.max(0, (value - low) / (high - low || 1)))).toFixed(1);
  let path = '';
  let fill = '';
  let start = null;
  values.forEach((value, x) => {
    if (value == null) {
      if (start !== null) fill += `L${x - 1} 24L${start} 24Z`;
      start = null;
      return;
    }
    const point = `${x} ${y(value)}`;
    path += (start === null ? 'M' : 'L') + point;
    fill += (start === null ? `M${x} 24L` : 'L') + point;
    if (start === null) start = x;
  });
  if (start !== null) fill += `L${values.length - 1} 24L${start} 24Z`;
  line.setAttribute('d', path);
  area.setAttribute('d', fill);
  aim.setAttribute('d', target == null ? '' : `M0 ${y(target)}L59 ${y(target)}`);
}
