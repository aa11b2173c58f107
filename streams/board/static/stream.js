// The server's events by fetch (so that a bearer token can be sent), with reconnection, and the
// server's clock: a wrong clock of the television does not matter.

const SILENCE_MS = 7_000; // the server says something every 2 s
const JUMP_MS = 10_000; // no frame is on its way so long
const RETRY_MS = [500, 1_000, 2_000, 4_000, 5_000];

// performance.now never jumps; each frame shows server time + its delay, so the largest is nearest
let offset = null;
const samples = [];

function learn(serverMs) {
  const sample = serverMs - performance.now();
  if (offset !== null && sample < offset - JUMP_MS) samples.length = 0; // the server's clock was set back
  samples.push(sample);
  if (samples.length > 60) samples.shift();
  offset = Math.max(...samples);
}

/** Now by the server's clock, in ms. */
export const now = () => Math.floor(offset === null ? Date.now() : performance.now() + offset);

/** The token of the address's fragment or of this tab; the fragment never reaches a server. */
export function token(given) {
  const match = /(?:^#|&)token=([^&]+)/.exec(location.hash);
  const value = given ?? (match && decodeURIComponent(match[1]));
  if (value) sessionStorage.setItem('board-token', value);
  if (match) history.replaceState(null, '', location.pathname + location.search);
  return sessionStorage.getItem('board-token');
}

/** Headers of every request to the board. */
export function headers() {
  const value = token();
  return value ? { Authorization: `Bearer ${value}` } : {};
}

/**
 * Follow `/events?query` without end. `on.event(name, data)` for each event,
 * `on.state('connecting' | 'live' | 'lost' | 'refused' | 'token', detail)` for the connection.
 * Returns a function that ends it.
 */
export function follow(query, on) {
  let ended = false;
  let abort = null;
  let tries = 0;

  async function connect() {
    abort = new AbortController();
    let watchdog = null;
    const alive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => abort.abort(), SILENCE_MS);
    };
    alive();
    try {
      const response = await fetch(`/events?${query}`, { headers: headers(), signal: abort.signal, cache: 'no-store' });
      if (response.status === 401) return 'token';
      if (response.status === 400) {
        on.state('refused', (await response.json()).mistakes.join('; '));
        return 'end';
      }
      if (!response.ok) return 'retry';
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = '';
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return 'retry';
        alive();
        const parts = (rest + value).split('\n\n');
        rest = parts.pop();
        for (const part of parts) dispatch(part);
      }
    } catch {
      return 'retry';
    } finally {
      clearTimeout(watchdog);
    }
  }

  function dispatch(part) {
    const name = /^event: (.*)$/m.exec(part)?.[1];
    const body = /^data: (.*)$/m.exec(part)?.[1];
    if (!name || !body || ended) return;
    const data = JSON.parse(body);
    if (name === 'hello') samples.length = 0;
    learn(data.server_ms);
    if (name === 'ready') { tries = 0; on.state('live'); }
    on.event(name, data);
  }

  async function run() {
    on.state('connecting');
    while (!ended) {
      const outcome = await connect();
      if (ended || outcome === 'end') return;
      if (outcome === 'token') { on.state('token'); return; }
      on.state('lost');
      // a little chance, so that two hundred browsers do not come back in the same instant
      const pause = RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)] * (0.7 + Math.random() * 0.6);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  run();
  return () => { ended = true; abort?.abort(); };
}
