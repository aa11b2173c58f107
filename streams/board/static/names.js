// Names that fit: a long one keeps its two ends, and no two of a page become the same.
// Widths are in cells: a small Latin letter is about one, a Chinese character two.

const LONGEST = 44; // cells: 40 letters are never cut
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
const BROAD = /[\p{Lu}mw@%]/u;
const THIN = /[ijl.,:;|' -]/;
const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** A name as the signs a reader sees: letters with their marks, emoji whole. */
const signsOf = (name) => [...segmenter.segment(name)].map(({ segment }) => segment);
const widthOf = (sign) => WIDE.test(sign) ? 2 : BROAD.test(sign) ? 1.4 : THIN.test(sign) ? 0.6 : 1;

/** About how wide a name is, in cells. */
export const cells = (name) => signsOf(name).reduce((sum, sign) => sum + widthOf(sign), 0);

/** As many signs from `start` as fit into `room` cells; backwards with `step` −1. */
function take(signs, start, room, step = 1) {
  const taken = [];
  for (let at = start, left = room - widthOf(signs[at] ?? ''); at >= 0 && at < signs.length && left >= 0; at += step, left -= widthOf(signs[at] ?? '')) taken.push(signs[at]);
  return step > 0 ? taken : taken.reverse();
}

/** The two ends of a name; or, where `from` > 0, its beginning and what follows from there. */
function cut(signs, from, room) {
  if (from === 0) return `${take(signs, 0, room * 0.6 - 1).join('')}…${take(signs, signs.length - 1, room * 0.4, -1).join('')}`;
  const begin = take(signs, 0, Math.min(from, room / 4)).join('');
  const rest = take(signs, from, room - room / 4 - 2);
  return `${begin}…${rest.join('')}${from + rest.length < signs.length ? '…' : ''}`;
}

function commonStart(lists) {
  let at = 0;
  while (lists.every((signs) => at < signs.length && signs[at] === lists[0][at])) at += 1;
  return at;
}

/** The text to show for each of these names, at most `room` cells wide; different for each. */
export function fitting(names, room = LONGEST) {
  const made = new Map();
  const taken = new Set();
  const give = (name, text) => { made.set(name, text); taken.add(text); };
  const long = [];
  for (const name of names) if (name.length * 2 <= room || cells(name) <= room) give(name, name); else long.push([name, signsOf(name)]);
  const groups = [{ members: long, from: 0 }];
  for (const { members, from } of groups) {
    const same = new Map();
    for (const member of members) {
      const text = cut(member[1], from, room);
      same.set(text, [...same.get(text) ?? [], member]);
    }
    for (const [text, alike] of same) {
      if (alike.length > 1) groups.push({ members: alike, from: Math.max(1, commonStart(alike.map(([, signs]) => signs))) });
      else give(alike[0][0], taken.has(text) ? alike[0][0] : text);
    }
  }
  return made;
}
