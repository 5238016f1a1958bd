"""Measure a page in the browser: what sticks out, what is cut off, what lies over something else."""

# What makes the page itself scroll sideways, and by how much.
WIDER = """() => {
    const page = document.documentElement;
    if (page.scrollWidth <= page.clientWidth) return [];
    const out = [...document.querySelectorAll('body *')].filter((el) => {
        const box = el.getBoundingClientRect();
        return box.width && (box.right > page.clientWidth + 1 || box.left < -1);
    });
    const who = out.slice(0, 3).map((el) => el.outerHTML.slice(0, 90));
    return [`wider by ${page.scrollWidth - page.clientWidth} px: ${who}`];
}"""

# A box that hides what does not fit, and holds more than fits: text is lost. Scrollers lose nothing.
CLIPPED = """() => [...document.querySelectorAll('body *')].filter((el) => {
    const style = getComputedStyle(el);
    const hides = (name) => ['hidden', 'clip'].includes(style[name]);
    if (!(hides('overflowX') || hides('overflowY')) || style.clipPath !== 'none') return false;
    if (el.closest('svg, progress') || !el.textContent.trim() || !el.checkVisibility()) return false;
    return (hides('overflowX') && el.scrollWidth > el.clientWidth + 1)
        || (hides('overflowY') && el.scrollHeight > el.clientHeight + 1);
}).map((el) => `cut off: ${el.outerHTML.slice(0, 140)}`)"""

# Two texts on one place. What is clipped to a point for screen readers, and what scrolls away in a frame, is not seen.
OVERLAPS = """() => {
    const seen = [];
    const unseen = [...document.querySelectorAll('body *')].filter((el) => getComputedStyle(el).clipPath !== 'none');
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    for (let node; (node = walker.nextNode());) {
        const el = node.parentElement;
        if (unseen.some((hidden) => hidden.contains(el))) continue;
        if (!node.data.trim() || !el.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
        if (el.closest('.skip-link, script, style, option, svg')) continue;
        range.selectNodeContents(node);
        let frame = { left: 0, right: 1e9, top: -1e9, bottom: 1e9 };
        const scroller = el.closest('.table-wrap, .scroll, .seg, .views, .tools, .menu-panel');
        if (scroller) frame = scroller.getBoundingClientRect();
        for (const box of range.getClientRects()) {
            const left = Math.max(box.left, frame.left), right = Math.min(box.right, frame.right);
            const top = Math.max(box.top, frame.top), bottom = Math.min(box.bottom, frame.bottom);
            if (right - left > 3 && bottom - top > 3) seen.push({ left, right, top, bottom, text: node.data.trim() });
        }
    }
    seen.sort((a, b) => a.top - b.top);
    const found = [];
    seen.forEach((a, i) => {
        for (let j = i + 1; j < seen.length && seen[j].top < a.bottom; j++) {
            const b = seen[j];
            const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const high = Math.min(a.bottom, b.bottom) - b.top;
            if (wide > 3 && high > 5) found.push(`“${a.text.slice(0, 40)}” lies over “${b.text.slice(0, 40)}”`);
        }
    });
    return found;
}"""

# Signs stand before their digits, decimals after the whole, whatever the direction around them.
SIGNS = """() => {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    const box = (node, at) => {
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        return range.getBoundingClientRect();
    };
    const isBefore = (one, other) => Math.abs(one.bottom - other.bottom) < 8 && one.left < other.left;
    for (let node; (node = walker.nextNode());)
        for (const { index } of node.data.matchAll(/[\\u2212+<>](?=\\d)/g)) {
            const [sign, digit] = [box(node, index), box(node, index + 1)];
            if (sign.width && isBefore(digit, sign))
                found.push(`the sign stands behind ${node.parentElement.outerHTML.slice(0, 90)}`);
        }
    for (const frac of document.querySelectorAll('.amt > .frac')) {
        const whole = frac.previousSibling, own = frac.getBoundingClientRect();
        if (whole?.data?.trim() && own.width && isBefore(own, box(whole, whole.data.length - 1)))
            found.push(`the decimals of ${frac.parentElement.textContent} stand before it`);
    }
    return found;
}"""

# What a reader would have to scroll sideways, but for data tables in their frames.
SIDEWAYS = """() => [...document.querySelectorAll('body *')].filter((el) => {
    const scrolls = ['auto', 'scroll'].includes(getComputedStyle(el).overflowX);
    return scrolls && el.scrollWidth > el.clientWidth + 1 && !el.matches('.table-wrap, .scroll, .payload, .input');
}).map((el) => `scrolls sideways: ${el.outerHTML.slice(0, 140)}`)"""
