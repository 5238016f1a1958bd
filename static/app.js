/* Enhances what already works without it: menus (details), filters (forms), sorting (links).
   No inline handlers, no eval, no style attributes, so it runs under a strict content security policy. */
(() => {
  'use strict';
  const root = document.documentElement;
  const all = (s, el = document) => [...el.querySelectorAll(s)];
  const say = (text) => { const el = document.getElementById('status'); if (el) el.textContent = text; };

  /* theme: system, light, dark. The server reads the cookie and writes data-theme, so there is no flash */
  const themes = ['auto', 'light', 'dark'];
  const setTheme = (t) => {
    root.dataset.theme = t;
    document.cookie = `theme=${t};path=/;max-age=31536000;samesite=lax`;
    all('[data-theme-toggle]').forEach((b) => b.setAttribute('aria-label', b.dataset[t]));
  };
  const saved = document.cookie.match(/(?:^|; )theme=(\w+)/);
  if (saved && themes.includes(saved[1])) setTheme(saved[1]);

  /* menus: one open at a time, Escape closes and gives focus back */
  const menus = () => all('details.menu[open]');
  const closeMenus = (except) => menus().forEach((m) => { if (m !== except) m.open = false; });

  document.addEventListener('click', (e) => {
    const t = e.target;
    closeMenus(t.closest('details.menu'));
    /* what was chosen in a menu closes it; focus goes to its head, which the swap keeps by its id */
    const chosen = t.closest('.menu-panel :is(a[href], button[type="submit"]):not([data-stay])');
    if (chosen && !chosen.hasAttribute('download')) {
      const menu = chosen.closest('details.menu');
      menu.open = false; menu.querySelector('summary').focus();
    }

    /* what goes away with a click says who has focus next */
    const next = t.closest('[data-focus]');
    if (next) document.getElementById(next.dataset.focus)?.focus();

    if (t.closest('[data-theme-toggle]')) {
      e.preventDefault(); // without this script the button leads to the account page
      const next = themes[(themes.indexOf(root.dataset.theme) + 1) % 3];
      setTheme(next); say(t.closest('[data-theme-toggle]').dataset[next]);
    }
    const opener = t.closest('[data-dialog]');
    if (opener) { e.preventDefault(); document.getElementById(opener.dataset.dialog)?.showModal(); }
    if (t.closest('[data-close]')) t.closest('dialog, .toast')?.[t.closest('dialog') ? 'close' : 'remove']();
    if (t instanceof HTMLDialogElement) t.close();

    const density = t.closest('[data-density-set]');
    if (density) {
      e.preventDefault(); // without this script the server sets the cookie
      root.dataset.density = density.dataset.densitySet;
      document.cookie = `density=${root.dataset.density};path=/;max-age=31536000;samesite=lax`;
      all('[data-density-set]').forEach((b) => b.setAttribute('aria-pressed', String(b === density)));
    }
    const swap = t.closest('[data-replace]');
    if (swap) {
      const box = document.getElementById(swap.dataset.replace);
      swap.closest('.secret').hidden = true; box.hidden = false; box.querySelector('input')?.focus();
    }
  });

  /* Shift with a click, Enter or Space on a header adds it as the next sort key: a plain click on the other
     address, so that target, swap, history and focus are those of every head; Space alone sorts as Enter does */
  const addSort = (e) => {
    const link = e.target.closest('a[data-add-sort]');
    if (!link || !e.shiftKey) return;
    e.preventDefault(); e.stopImmediatePropagation();
    link.href = link.dataset.addSort;
    link.click();
  };
  document.addEventListener('click', addSort, true);
  document.addEventListener('keydown', (e) => {
    if (e.key !== 'Enter' && e.key !== ' ') return;
    addSort(e);
    const head = e.key === ' ' && !e.defaultPrevented && !e.ctrlKey && !e.metaKey && !e.altKey && e.target.closest('a[data-add-sort]');
    if (head) { e.preventDefault(); head.click(); }
  }, true);

  /* what had focus may be gone after a swap (a removed chip): then the swapped part itself takes it */
  let part = '', open = '', held = '';
  document.addEventListener('htmx:before:swap', () => {
    part = document.activeElement?.closest('[tabindex="-1"][id]')?.id ?? '';
    open = menus()[0]?.querySelector('summary').id ?? ''; // a menu whose content is swapped stays open, and keeps focus
    held = document.activeElement?.id ?? '';
  });
  document.addEventListener('htmx:after:swap', () => {
    const menu = open && document.getElementById(open)?.closest('details.menu');
    if (menu) menu.open = true;
    if (menu && document.activeElement === document.body) document.getElementById(held)?.focus({ preventScroll: true });
    if (document.activeElement === document.body) document.getElementById(part)?.focus({ preventScroll: true });
  });

  /* a button at work keeps focus, which disabling it would take away; hx-sync drops what is pressed meanwhile */
  document.addEventListener('htmx:before:request', (e) => {
    const at = e.detail.ctx.sourceElement;
    if (at?.matches?.('[data-busy]')) at.setAttribute('aria-busy', 'true');
  });
  document.addEventListener('htmx:finally:request', (e) => e.detail.ctx.sourceElement?.removeAttribute?.('aria-busy'));

  document.addEventListener('keydown', (e) => {
    if (e.key === 'Escape') {
      const m = menus()[0];
      if (m) { m.open = false; m.querySelector('summary').focus(); }
      return;
    }
    const typing = e.target.closest('input, select, textarea, [contenteditable]');
    if (typing || e.ctrlKey || e.metaKey || e.altKey || root.dataset.shortcuts === 'off' || document.querySelector('dialog[open]')) return;
    if (e.key === '/') { const q = document.getElementById('q'); if (q) { e.preventDefault(); q.focus(); q.select(); } }
    if (e.key === '?') document.getElementById('shortcuts')?.showModal();
    if (e.key === 'f') {
      const opener = document.querySelector('[data-dialog="filter-builder"], summary[id^="pill-"]');
      if (opener) { e.preventDefault(); opener.focus(); opener.click(); }
    }
  });

  /* copied figures paste as numbers: ASCII minus, no thousands separators; all other words stay as they are */
  document.addEventListener('copy', (e) => {
    const selection = document.getSelection();
    if (e.target.closest?.('input, textarea') || !selection.rangeCount) return;
    const range = selection.getRangeAt(0);
    const text = String(selection);
    const shown = (amt) => {
      const part = document.createRange();
      part.selectNodeContents(amt);
      if (range.compareBoundaryPoints(Range.START_TO_START, part) > 0) part.setStart(range.startContainer, range.startOffset);
      if (range.compareBoundaryPoints(Range.END_TO_END, part) < 0) part.setEnd(range.endContainer, range.endOffset);
      return String(part);
    };
    let plain = '', at = 0;
    all('.amt').filter((amt) => range.intersectsNode(amt)).map(shown).filter((figure) => /\d/.test(figure)).forEach((figure) => {
      const start = text.indexOf(figure, at);
      if (start < 0) return;
      plain += text.slice(at, start) + figure.replace('\u2212', '-').replace(/[+,]/g, '');
      at = start + figure.length;
    });
    if (!at) return;
    e.clipboardData.setData('text/plain', plain + text.slice(at));
    e.preventDefault();
  });

  /* charts: the pointer reads the same table the "Show figures" link opens */
  const readable = (plot) => {
    const rows = all('tbody tr', document.getElementById(plot.dataset.plot));
    const area = plot.querySelector('.plot-area');
    const svg = area.querySelector('svg');
    const readout = plot.parentElement.querySelector('.readout');
    if (!rows.length || !readout) return;
    const fig = readout.querySelector('output .amt');
    const when = readout.querySelector('[data-readout-date]');
    const copyOf = (el) => [...el.childNodes].map((n) => n.cloneNode(true));
    const first = [copyOf(fig), when.textContent];
    const cursor = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    cursor.setAttribute('class', 'cursor');
    const last = rows.length - 1;
    let at = last;
    /* a figure never stands without how much of it was confirmed that day: the table's last column */
    const head = rows[0].closest('table').tHead.rows[0].lastElementChild.textContent.trim().toLowerCase();
    const day = (i) => `${rows[i].cells[0].textContent.trim()}, ${head}: ${rows[i].lastElementChild.textContent.trim()}`;
    const words = (i) => `${day(i)}, ${rows[i].cells[1].textContent.trim()}`;
    const show = (i) => {
      at = Math.max(0, Math.min(last, i));
      const amt = rows[at].querySelector('.amt');
      fig.replaceChildren(...(amt ? copyOf(amt) : [plot.dataset.none]));
      when.textContent = day(at);
      cursor.setAttribute('d', `M${at * 1000 / Math.max(last, 1)} 0v200`);
      svg.append(cursor);
      area.setAttribute('aria-valuenow', at); area.setAttribute('aria-valuetext', words(at));
    };
    const leave = () => { fig.replaceChildren(...first[0]); when.textContent = first[1]; cursor.remove(); at = last; };
    area.addEventListener('pointermove', (e) => {
      const box = area.getBoundingClientRect();
      show(Math.round((e.clientX - box.left) / box.width * last));
    });
    area.addEventListener('pointerleave', leave);
    /* by keyboard the area is a slider over the days; its value is the row of the table */
    const label = document.getElementById(plot.dataset.plot).caption?.textContent;
    Object.entries({ role: 'slider', tabindex: 0, 'aria-label': label, 'aria-valuemin': 0, 'aria-valuemax': last, 'aria-valuenow': last, 'aria-valuetext': words(last) })
      .forEach(([name, value]) => area.setAttribute(name, value));
    area.addEventListener('keydown', (e) => {
      const to = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, PageDown: at - 7, PageUp: at + 7, Home: 0, End: last }[e.key];
      if (to === undefined) return;
      e.preventDefault(); show(to);
    });
    area.addEventListener('blur', leave);
  };
  const plots = () => all('[data-plot]:not([data-read])').forEach((plot) => { plot.dataset.read = ''; readable(plot); });
  plots();
  document.addEventListener('htmx:after:swap', plots);

  /* new figures: rows are read anew in place, unless the reader is among them or on a further page; then they wait */
  const isAmong = (list) => list.contains(document.activeElement) || menus().length || document.querySelector('dialog[open], .loadbar.htmx-request')
    || (!getSelection().isCollapsed && list.contains(getSelection().anchorNode)) || all('.table-wrap', list).some((w) => w.scrollLeft || w.scrollTop);
  document.addEventListener('htmx:after:swap', () => {
    const news = document.querySelector('[data-news]:not([data-met])');
    if (!news) return;
    news.dataset.met = '';
    if (news.dataset.say) say(news.dataset.say);
    const list = news.parentElement;
    if ('waits' in news.dataset || isAmong(list)) news.hidden = !news.firstElementChild;
    else window.htmx.ajax('GET', news.dataset.news, { source: list, target: list, swap: 'outerHTML' });
  });

  /* a part that asks for itself and gets no answer keeps its figures: then the page says that they may be old */
  const unrefreshed = (e, is) => {
    const { sourceElement, target, response } = e.detail.ctx ?? {};
    const notice = document.getElementById('not-refreshed');
    if (!notice || !target || sourceElement !== target || response?.status === 401 || notice.hidden !== is) return;
    notice.hidden = !is;
    if (is) say(notice.querySelector('strong').textContent);
  };
  for (const name of ['htmx:error', 'htmx:response:error']) document.addEventListener(name, (e) => unrefreshed(e, true));
  document.addEventListener('htmx:before:swap', (e) => { if (e.detail.ctx?.response?.status < 400) unrefreshed(e, false); });

  /* while the page is visible, ask the parts that refresh themselves to do so, and at once when it is seen again */
  const tick = () => { if (!document.hidden && window.htmx) window.htmx.trigger(document.body, 'tick'); };
  setInterval(tick, 30000);
  document.addEventListener('visibilitychange', tick);
})();
