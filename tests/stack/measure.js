// What layout.py evaluates in the page; it says what is found.
() => {
    for (const row of document.querySelectorAll('.form-tile, .served-row')) row.style.contentVisibility = 'visible';
    const found = [];
    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const name = (node) => `"${node.data.trim().slice(0, 30)}" in .${node.parentElement.closest('[class]')?.className.split(' ').join('.')} of ${node.parentElement.closest('[class^=card], header, footer, section')?.className}`;
    const clips = new Map(); // element → the box that its contents are cut off at
    const seen = (element) => {
        if (clips.has(element)) return clips.get(element);
        const style = getComputedStyle(element);
        const outer = element.parentElement && element !== document.body ? seen(element.parentElement) : { left: -1e6, top: -1e6, right: 1e6, bottom: 1e6, shown: true };
        const box = element.getBoundingClientRect();
        const mine = { ...outer };
        if (style.display === 'none' || style.visibility === 'hidden' || style.clipPath !== 'none') mine.shown = false;
        if (style.overflow !== 'visible' || style.contain.includes('content') || style.contain.includes('strict')) {
            mine.left = Math.max(mine.left, box.left); mine.right = Math.min(mine.right, box.right);
            mine.top = Math.max(mine.top, box.top); mine.bottom = Math.min(mine.bottom, box.bottom);
        }
        clips.set(element, mine);
        return mine;
    };
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (!node.data.trim()) continue;
        const around = seen(node.parentElement);
        if (!around.shown) continue;
        if (node.parentElement.closest('option') || !node.parentElement.checkVisibility()) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        const style = getComputedStyle(node.parentElement);
        const size = parseFloat(style.fontSize);
        for (const box of range.getClientRects()) {
            if (box.width < 1) continue;
            // the ink of a line: about capitals and digits, without the leading
            const middle = (box.top + box.bottom) / 2;
            const ink = { left: box.left, right: box.right, top: middle - size * 0.42, bottom: middle + size * 0.42 };
            if (ink.left < around.left - 1 || ink.right > around.right + 1 || ink.top < around.top - 1.5 || ink.bottom > around.bottom + 1.5) {
                found.push(`cut off: ${name(node)} by ${Math.max(around.left - ink.left, ink.right - around.right, around.top - ink.top, ink.bottom - around.bottom).toFixed(1)} px`);
            }
            if (ink.left < -1 || ink.right > document.documentElement.clientWidth + 1) found.push(`beyond the page: ${name(node)}`);
            if (size < 8) found.push(`too small to read (${size.toFixed(1)} px): ${name(node)}`);
            texts.push({ ...ink, node });
        }
    }
    // neighbours only: sorted by their tops
    texts.sort((a, b) => a.top - b.top);
    texts.forEach((one, index) => {
        for (let at = index + 1; at < texts.length && texts[at].top < one.bottom - 1; at += 1) {
            const other = texts[at];
            if (other.node === one.node) continue;
            const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
            const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
            if (wide > 1.5 && high > 1.5) found.push(`overlap by ${wide.toFixed(0)} x ${high.toFixed(0)} px: ${name(one.node)} and ${name(other.node)}`);
        }
    });
    // a plot's line that runs through a text of its card
    for (const line of document.querySelectorAll('.spark-box:has(.spark-caption) .spark-line')) {
        const svg = line.closest('svg');
        const box = svg.getBoundingClientRect();
        const length = svg.checkVisibility({ visibilityProperty: true }) ? line.getTotalLength() : 0;
        if (!length || (getComputedStyle(svg).overflow !== 'visible' && box.height < 1)) continue;
        const beside = texts.filter(({ node }) => line.closest('.card').contains(node));
        const place = line.getScreenCTM();
        for (let at = 0; at <= length; at += length / 240) {
            const { x, y } = line.getPointAtLength(at).matrixTransform(place);
            const crossed = beside.find((text) => x > text.left && x < text.right && y > text.top && y < text.bottom);
            if (crossed) { found.push(`a line runs through ${name(crossed.node)}`); break; }
        }
    }
    const names = new Map();
    for (const card of document.querySelectorAll('#queues .card, #others .card')) {
        const [tenant, queue, channel] = JSON.parse(card.dataset.key);
        const text = card.querySelector('.card-name').innerText;
        const place = `${text} ${tenant} ${channel}`;
        if (queue !== '_all' && names.has(place) && names.get(place) !== queue) found.push(`look alike: ${queue} and ${names.get(place)}`);
        names.set(place, queue);
    }
    if (document.documentElement.scrollWidth > document.documentElement.clientWidth) found.push('scrolls sideways');
    return [...new Set(found)];
}
