// A figure as it is shown. What is judged is what is read: 5.0 % never misses "≤ 5 %".

/** A ratio in percent, to the tenth that the page shows. */
export const tenthsOf = (ratio) => Math.round(ratio * 1000) / 10;

/** Seconds as m:ss shows them: a mean is rounded. */
export const wholeSeconds = (seconds) => Math.max(0, Math.round(seconds));

/** The age in ms in whole seconds, rounded down: a clock never shows a second too early. */
export const wholeAge = (ms) => Math.floor(Math.max(0, ms) / 1000);

/** Seconds as days and hours, hours and minutes, or minutes show them: the rest is cut off. */
export function coarseSeconds(seconds) {
  const whole = wholeSeconds(seconds);
  const unit = whole < 60 ? 1 : whole < 86_400 ? 60 : 3_600;
  return Math.floor(whole / unit) * unit;
}
