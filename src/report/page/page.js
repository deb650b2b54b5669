// Draws what a table says only in words, and filters. Every text goes in as text: nothing of a log is ever markup.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const root = document.documentElement;
  const data = JSON.parse($("data").textContent);
  const WAITING = 0, RUNNING = 1, DONE = 2, FAILED = 3;
  const STATES = ["waiting", "running", "done", "failed", "lost"];
  const word = (at) => (at < 0 ? "" : data.words[at]);
  root.classList.add("js");

  // What was packed into arrays, by name.
  const batches = data.batches.map((b, index) => ({
    index, name: b[0], shard: word(b[1]), state: b[2], pods: b[3], restarts: b[4], from: b[5], to: b[6],
    lines: b[7], late: b[8] === 1, node: word(b[9]), containers: [],
  }));
  const containers = data.containers.map((c, index) => ({
    index, pod: data.pods[c[0]], short: data.names[c[0]], container: word(c[1]), phase: word(c[2]), node: word(c[3]),
    batch: batches[c[4]], state: c[5], restarts: c[6], created: c[7], lines: c[8], bytes: c[9], errors: c[10], gaps: c[11],
    instances: c[12].map((i) => ({ restart: i[0], state: i[1], from: i[2], to: i[3], code: i[4], reason: word(i[5]) })),
    said: word(c[13]),
  }));
  for (const c of containers) {
    if (c.batch) c.batch.containers.push(c);
    const first = c.instances.find((i) => i.from >= 0);
    const last = c.instances[c.instances.length - 1];
    c.from = first ? first.from : -1;
    c.to = last ? last.to : -1;
    c.search = [c.pod, c.short, c.container, c.node, c.batch ? c.batch.name : ""].join(" ").toLowerCase();
  }

  // Words for people.
  const count = (n) => n.toLocaleString("en-US");
  const pad = (n) => String(n).padStart(2, "0");
  const clock = (ms) => {
    if (ms < 0) return "–";
    const d = new Date(data.t0 + ms);
    return `${pad(d.getUTCHours())}:${pad(d.getUTCMinutes())}:${pad(d.getUTCSeconds())}`;
  };
  const duration = (ms) => {
    const s = Math.round(ms / 1000);
    if (s < 60) return `${(ms / 1000).toFixed(1)} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
    return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
  };
  const took = (from, to) => (from >= 0 && to >= from ? duration(to - from) : "–");
  const size = (n) => {
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let at = 0;
    while (n >= 1024 && at < units.length - 1) { n /= 1024; at += 1; }
    return `${at ? n.toFixed(1) : n} ${units[at]}`;
  };
  const quoted = (text) => (/^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  const ended = (i) => [STATES[i.state], i.reason, i.code === null ? "" : `exit code ${i.code}`].filter(Boolean).join(", ");

  // Elements, made of texts.
  const el = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children);
    return made;
  };
  const shape = (name) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("viewBox", "0 0 10 10");
    svg.setAttribute("aria-hidden", "true");
    svg.setAttribute("class", `shape ${name}`);
    use.setAttribute("href", `#s-${name}`);
    svg.append(use);
    return svg;
  };
  const state = (at) => el("span", { class: "state" }, shape(STATES[at]), STATES[at]);

  // Colours are the style sheet's.
  let colors = {};
  const readColors = () => {
    const style = getComputedStyle(root);
    for (const name of [...STATES, "ink", "muted", "rule", "soft", "panel", "mark", "link"]) colors[name] = style.getPropertyValue(`--${name}`).trim();
    colors.sans = `11px ${style.getPropertyValue("--sans")}`;
    colors.mono = `11px ${style.getPropertyValue("--mono")}`;
  };

  // Theme: as the system says, until somebody chooses.
  const themes = ["", "light", "dark"];
  const remember = (theme) => { try { localStorage.setItem("elbtail-theme", theme); } catch { /* a page of a file may keep nothing */ } };
  const remembered = () => { try { return localStorage.getItem("elbtail-theme") || ""; } catch { return ""; } };
  const applyTheme = (theme) => {
    if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
    $("theme").textContent = `Theme: ${theme || "as the system"}`;
    readColors();
  };

  // Filter.
  const filter = { text: "", shard: "", phase: "", node: "", states: new Set([0, 1, 2, 3, 4]), late: false, again: false, errors: false };
  const filtering = () => filter.text || filter.shard || filter.phase || filter.node || filter.states.size < 5 || filter.late || filter.again || filter.errors;
  const admits = (c) =>
    (!filter.text || filter.text.split(/\s+/).every((part) => c.search.includes(part))) &&
    (!filter.shard || (c.batch && c.batch.shard === filter.shard)) &&
    (!filter.phase || c.phase === filter.phase) &&
    (!filter.node || c.node === filter.node) &&
    filter.states.has(c.state) &&
    (!filter.late || (c.batch && c.batch.late)) &&
    (!filter.again || c.restarts > 0) &&
    (!filter.errors || c.errors > 0);

  // Rows of the timeline: by shard and batch, setup before and the end behind.
  const ordered = containers.slice().sort((a, b) => {
    const rank = (c) => (c.batch ? 1 : c.phase === "exporting_results" ? 2 : 0);
    return rank(a) - rank(b) ||
      (a.batch && b.batch ? a.batch.index - b.batch.index : 0) ||
      (a.pod < b.pod ? -1 : a.pod > b.pod ? 1 : a.index - b.index);
  });
  let shown = ordered, rows = [], shownBatches = batches;
  // Rows: containers, batches, or batches as thin as it takes to see all of them at once.
  let mode = containers.length <= 400 || !batches.length ? "containers" : "whole";

  const groupOf = (c) => (c.batch ? `shard ${c.batch.shard}` : c.phase.replaceAll("_", " "));
  const makeRows = () => {
    rows = [];
    let group = null;
    const add = (c, row) => {
      const name = groupOf(c);
      if (name !== group) {
        group = name;
        rows.push({ group: name, of: 0, failed: 0 });
        rows.head = rows[rows.length - 1];
      }
      rows.head.of += 1;
      if (row.state === FAILED) rows.head.failed += 1;
      rows.push(row);
    };
    if (mode === "containers") {
      for (const c of shown) add(c, { label: c.short, sub: c.container, parts: [c], state: c.state, c });
    } else {
      let last = null;
      // A batch with all its pods, or a pod that is no batch's.
      const worst = (one, other) => [FAILED, 4, RUNNING, WAITING, DONE].find((state) => state === one || state === other);
      for (const c of shown) {
        if (last && (c.batch ? last.batch === c.batch : !last.batch && last.c.pod === c.pod)) {
          last.parts.push(c);
          if (!c.batch) last.state = worst(last.state, c.state);
          continue;
        }
        const row = c.batch
          ? { label: c.batch.name, sub: "", parts: [c], state: c.batch.state, batch: c.batch, c }
          : { label: c.short, sub: "", parts: [c], state: c.state, c };
        add(c, row);
        last = row;
      }
    }
  };

  // The part of time that is shown.
  const whole = Math.max(1, data.t1 - data.t0);
  const view = { from: 0, to: whole };
  const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];
  const ticks = (width) => {
    const span = view.to - view.from;
    const most = Math.max(2, Math.floor(width / 90));
    const step = (STEPS.find((s) => span / (s * 1000) <= most) || Math.ceil(span / most / 604800000) * 604800) * 1000;
    const first = Math.ceil((data.t0 + view.from) / step) * step - data.t0;
    const all = [];
    for (let at = first; at <= view.to && all.length < 50; at += step) all.push(at);
    return all;
  };

  const viewport = $("rows"), canvas = $("rows-canvas"), room = viewport.querySelector(".room");
  const AXIS = 24, LABELLED = 12, PAPER = 860, SCREEN = 510;
  let ROW = 19, chosen = -1, printing = false;
  const narrow = () => viewport.clientWidth < 560;
  const left = () => (narrow() ? 112 : 224);
  // On a phone there is room for what tells one row from the next.
  const label = (row) => {
    if (!narrow()) return row.sub ? `${row.label} ${row.sub}` : row.label;
    const name = row.c.batch ? row.c.batch.name.replace(/^[a-z]+-/, "") : row.c.short.replace(/-[^-]*$/, "");
    return row.sub ? `${name} ${row.sub}` : name;
  };
  const sized = (canvas, width, height) => {
    const scale = Math.min(3, window.devicePixelRatio || 1);
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      canvas.style.height = `${height}px`;
    }
    const draw = canvas.getContext("2d");
    draw.setTransform(scale, 0, 0, scale, 0, 0);
    draw.clearRect(0, 0, width, height);
    return draw;
  };
  const fitted = (draw, text, width, from) => {
    if (draw.measureText(text).width <= width) return text;
    if (from === "start") {
      let fits = text;
      while (fits && draw.measureText(`${fits}…`).width > width) fits = fits.slice(0, -1);
      return `${fits}…`;
    }
    let low = 0, high = text.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (draw.measureText(`…${text.slice(text.length - middle)}`).width <= width) low = middle; else high = middle - 1;
    }
    return `…${text.slice(text.length - low)}`;
  };
  const mark = (draw, name, x, y, r) => {
    draw.beginPath();
    if (name === "failed") { draw.moveTo(x, y - r); draw.lineTo(x + r, y + r * .9); draw.lineTo(x - r, y + r * .9); draw.closePath(); }
    else if (name === "running") { draw.moveTo(x - r * .8, y - r); draw.lineTo(x + r, y); draw.lineTo(x - r * .8, y + r); draw.closePath(); }
    else if (name === "lost") { draw.moveTo(x, y - r); draw.lineTo(x + r, y); draw.lineTo(x, y + r); draw.lineTo(x - r, y); draw.closePath(); }
    else draw.arc(x, y, r * .85, 0, 7);
    draw.fillStyle = colors[name];
    draw.strokeStyle = colors[name];
    if (name === "waiting") draw.stroke(); else draw.fill();
  };
  // Of several parts of a row the first tells how long they waited.
  const bars = (draw, c, at, y, height, isFirst = true) => {
    let before = isFirst ? c.created : -1;
    for (const i of c.instances) {
      const from = i.from, to = i.to >= 0 ? i.to : i.state === RUNNING ? whole : i.from;
      if (before >= 0 && (from >= 0 ? from : whole) > before) {
        // Time that was waited, before it started and between two instances.
        const begin = at(before), end = at(from >= 0 ? from : whole);
        draw.fillStyle = colors.waiting;
        draw.fillRect(begin, y + height / 2 - .5, Math.max(0, end - begin), 1);
      }
      if (from >= 0) {
        const begin = at(from), width = Math.max(1.5, at(to) - begin);
        draw.fillStyle = colors[STATES[i.state]];
        draw.fillRect(begin, y, width, height);
        if (i.restart > 0) { draw.fillStyle = colors.ink; draw.fillRect(begin - .5, y - 2, 1, height + 4); }
        if (height >= 6 && i.state !== DONE) mark(draw, STATES[i.state], begin + width + 6, y + height / 2, 4);
        before = i.to;
      }
    }
    if (!c.instances.length && before >= 0 && c.state === WAITING) {
      draw.fillStyle = colors.waiting;
      draw.fillRect(at(before), y + height / 2 - .5, Math.max(2, at(whole) - at(before)), 1);
      if (height >= 6) mark(draw, "waiting", at(whole) - 5, y + height / 2, 4);
    }
    if (c.gaps && c.from >= 0 && height >= 5) {
      const x = at(c.to >= 0 ? c.to : c.from) - 6, middle = y + height / 2;
      draw.strokeStyle = colors.ink;
      draw.beginPath(); draw.moveTo(x - 3, middle - 3); draw.lineTo(x + 3, middle + 3); draw.moveTo(x + 3, middle - 3); draw.lineTo(x - 3, middle + 3); draw.stroke();
    }
  };
  const grid = (draw, width, height, begin) => {
    const at = (ms) => begin + ((ms - view.from) / (view.to - view.from)) * (width - begin - 14);
    draw.font = colors.sans;
    draw.textBaseline = "middle";
    draw.textAlign = "center";
    for (const tick of ticks(width - begin)) {
      const x = Math.round(at(tick)) + .5;
      draw.fillStyle = colors.rule;
      draw.fillRect(x - .5, AXIS - 4, 1, height - AXIS + 4);
      draw.fillStyle = colors.muted;
      if (x > begin + 20 && x < width - 26) draw.fillText(clock(tick), x, AXIS / 2);
    }
    draw.textAlign = "left";
    return at;
  };
  // Rows that are too thin for words: runs alone, failures last and never too thin to be seen, groups by name.
  const drawThin = (draw, at, begin, width) => {
    const failed = [];
    if (rows[chosen]) { draw.fillStyle = colors.mark; draw.fillRect(0, AXIS + chosen * ROW - 2, width, ROW + 4); }
    let named = -Infinity;
    rows.forEach((row, index) => {
      const y = AXIS + index * ROW;
      if (row.group !== undefined) {
        draw.fillStyle = colors.rule;
        draw.fillRect(0, y, width, .5);
        draw.fillStyle = colors.ink;
        draw.font = colors.sans;
        if (y - named >= 12) { draw.fillText(fitted(draw, `${row.group} · ${count(row.of)}`, begin - 16, "start"), 8, Math.min(y + 7, AXIS + rows.length * ROW - 6)); named = y; }
        return;
      }
      for (const c of row.parts) {
        for (const i of c.instances) {
          if (i.from < 0) continue;
          const x = at(i.from), wide = Math.max(.7, at(i.to >= 0 ? i.to : i.state === RUNNING ? whole : i.from) - x);
          if (i.state === FAILED) { failed.push([x, y, wide]); continue; }
          draw.fillStyle = colors[STATES[i.state]];
          draw.fillRect(x, y, wide, Math.max(.3, ROW * .85));
        }
      }
    });
    draw.fillStyle = colors.failed;
    for (const [x, y, wide] of failed) draw.fillRect(x, y, wide, Math.max(1.5, ROW));
  };
  const drawRows = () => {
    const width = viewport.clientWidth;
    if (!width) return;
    const total = rows.length * ROW + AXIS + 4;
    const height = printing ? total : Math.min(total, viewport.clientHeight || 480);
    room.style.height = `${Math.max(0, total - height)}px`;
    const top = printing ? 0 : viewport.scrollTop, begin = left();
    const draw = sized(canvas, width, height);
    draw.fillStyle = colors.panel;
    draw.fillRect(0, 0, width, height);
    const at = grid(draw, width, height, begin);
    const first = Math.max(0, Math.floor(top / ROW)), last = Math.min(rows.length, Math.ceil((top + height) / ROW));
    draw.save();
    draw.beginPath();
    draw.rect(0, AXIS, width, height - AXIS);
    draw.clip();
    if (ROW < LABELLED) drawThin(draw, at, begin, width);
    else for (let index = first; index < last; index += 1) {
      const row = rows[index], y = AXIS + index * ROW - top;
      if (row.group !== undefined) {
        draw.fillStyle = colors.soft;
        draw.fillRect(0, y, width, ROW);
        draw.fillStyle = colors.ink;
        draw.font = `600 ${colors.sans}`;
        draw.fillText(`${row.group} · ${count(row.of)}${row.failed ? ` · ${count(row.failed)} failed` : ""}`, 8, y + ROW / 2 + .5);
        continue;
      }
      if (index === chosen) { draw.fillStyle = colors.mark; draw.fillRect(0, y, width, ROW); }
      draw.font = colors.mono;
      draw.fillStyle = colors.ink;
      draw.fillText(fitted(draw, label(row), begin - 16, narrow() ? "start" : "end"), 8, y + ROW / 2 + .5);
      draw.save();
      draw.beginPath();
      draw.rect(begin, y, width - begin, ROW);
      draw.clip();
      const band = row.parts.length > 1 ? Math.max(1, (ROW - 5) / row.parts.length) : ROW - 8;
      row.parts.forEach((c, part) => {
        if (row.parts.length > 1) bars(draw, c, at, y + 2.5 + part * band, Math.max(1, band - 1), part === 0);
        else bars(draw, c, at, y + 4, Math.max(1, band));
      });
      if (row.parts.length > 1 && row.state !== DONE) {
        const to = Math.max(...row.parts.map((c) => Math.max(c.to, c.from)));
        mark(draw, STATES[row.state], at(row.state === RUNNING || to < 0 ? whole : to) + (row.state === RUNNING ? -2 : 7), y + ROW / 2, 4);
      }
      draw.restore();
    }
    draw.restore();
  };

  // Nodes: each container on the first lane that is free.
  const drawLanes = () => {
    const lanes = $("lanes");
    if (!lanes || !lanes.parentElement.clientWidth) return;
    const width = lanes.parentElement.clientWidth, begin = left();
    const byNode = new Map();
    for (const c of shown) {
      if (!c.node) continue;
      for (const i of c.instances) {
        if (i.from < 0) continue;
        if (!byNode.has(c.node)) byNode.set(c.node, []);
        byNode.get(c.node).push({ from: i.from, to: i.to >= 0 ? i.to : i.state === RUNNING ? whole : i.from, state: i.state });
      }
    }
    const names = [...byNode.keys()].sort();
    let sum = 0;
    const packed = names.map((name) => {
      const runs = byNode.get(name).sort((a, b) => a.from - b.from || a.to - b.to);
      const free = [];
      for (const run of runs) {
        let lane = free.findIndex((until) => until <= run.from);
        if (lane < 0) { lane = free.length; free.push(0); }
        free[lane] = Math.max(run.to, run.from + 1);
        run.lane = lane;
      }
      sum += free.length;
      return { name, runs, lanes: free.length };
    });
    const gap = names.length > 60 ? 2 : 10;
    const thick = Math.max(1, Math.min(9, Math.floor((1400 - names.length * gap) / Math.max(1, sum))));
    const heights = packed.map((node) => Math.max(names.length > 60 ? 3 : 13, node.lanes * thick) + gap);
    const height = AXIS + heights.reduce((all, one) => all + one, 0) + 6;
    const draw = sized(lanes, width, Math.min(height, 6000));
    const at = grid(draw, width, height, begin);
    let y = AXIS + 4;
    packed.forEach((node, index) => {
      if (heights[index] > 12) {
        draw.font = colors.mono;
        draw.fillStyle = colors.ink;
        draw.fillText(fitted(draw, node.name, begin - 18), 0, y + Math.min(8, (heights[index] - gap) / 2));
      }
      for (const run of node.runs) {
        const x = at(run.from);
        draw.fillStyle = colors[STATES[run.state]];
        draw.fillRect(x, y + run.lane * thick, Math.max(1, at(run.to) - x - (thick > 3 ? .6 : 0)), Math.max(1, thick - (thick > 2 ? 1 : 0)));
      }
      y += heights[index];
    });
    $("lanes-count").textContent = names.length === 1 ? "1 node" : `${count(names.length)} nodes`;
  };

  // Tables that are sorted, and shown in pieces.
  const table = (id, more, columns, list) => {
    const host = $(id);
    if (!host) return { show: () => {} };
    const body = host.tBodies[0], heads = [...host.tHead.rows[0].cells];
    let by = -1, falling = false, most = 100, all = [];
    // What is folded away costs nothing before it is opened.
    const fold = host.closest("details");
    if (fold) fold.addEventListener("toggle", () => { if (fold.open) fill(); });
    const fill = () => {
      if (fold && !fold.open) return;
      const sorted = by < 0 ? all : all.slice().sort((a, b) => {
        const one = columns[by].key(a), two = columns[by].key(b);
        return (one < two ? -1 : one > two ? 1 : a.index - b.index) * (falling ? -1 : 1);
      });
      body.replaceChildren(...sorted.slice(0, most).map((item) => el("tr", list.id ? { id: list.id(item) } : {}, ...columns.map((column, at) => {
        const cell = at ? el("td", column.number ? { class: "n" } : {}) : el("th", { scope: "row" });
        cell.append(...[column.cell(item)].flat());
        return cell;
      }))));
      const rest = sorted.length - most;
      $(more).hidden = rest <= 0;
      $(more).textContent = `Show ${count(Math.min(500, Math.max(0, rest)))} more of ${count(sorted.length)}`;
    };
    heads.forEach((head, at) => {
      const button = el("button", { type: "button" }, head.textContent);
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        falling = by === at ? !falling : Boolean(columns[at].number);
        by = at;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", falling ? "descending" : "ascending");
        fill();
      });
    });
    $(more).addEventListener("click", () => { most += 500; fill(); });
    if (host.caption) host.caption.remove();
    return { show: (items) => { all = items; fill(); } };
  };
  const containerTable = table("containers", "containers-more", [
    { key: (c) => c.pod, cell: (c) => el("a", { href: `#c${c.index}`, "data-c": c.index }, c.short) },
    { key: (c) => c.container, cell: (c) => c.container },
    { key: (c) => c.phase, cell: (c) => c.phase },
    { key: (c) => c.state, cell: (c) => state(c.state) },
    { key: (c) => c.node, cell: (c) => c.node },
    { key: (c) => c.restarts, cell: (c) => count(c.restarts), number: true },
    { key: (c) => (c.created >= 0 && c.from >= 0 ? c.from - c.created : -1), cell: (c) => took(c.created, c.from), number: true },
    { key: (c) => c.from, cell: (c) => clock(c.from), number: true },
    { key: (c) => (c.from >= 0 && c.to >= 0 ? c.to - c.from : -1), cell: (c) => took(c.from, c.to), number: true },
    { key: (c) => c.lines, cell: (c) => count(c.lines), number: true },
  ], { id: (c) => `c${c.index}` });
  const batchTable = table("batch-table", "batches-more", [
    { key: (b) => b.name, cell: (b) => b.name },
    { key: (b) => b.shard, cell: (b) => b.shard },
    { key: (b) => b.state, cell: (b) => (b.late ? [state(b.state), el("span", { class: "muted" }, " straggler")] : state(b.state)) },
    { key: (b) => b.pods, cell: (b) => count(b.pods), number: true },
    { key: (b) => b.restarts, cell: (b) => count(b.restarts), number: true },
    { key: (b) => b.node, cell: (b) => b.node },
    { key: (b) => b.from, cell: (b) => clock(b.from), number: true },
    { key: (b) => (b.from >= 0 && b.to >= 0 ? b.to - b.from : -1), cell: (b) => took(b.from, b.to), number: true },
    { key: (b) => b.lines, cell: (b) => count(b.lines), number: true },
  ], {});

  // Errors go with their containers.
  const showErrors = () => {
    const seen = new Set(shown.map((c) => String(c.index)));
    let kinds = 0, all = 0;
    for (const kind of document.querySelectorAll("#errors .kind")) {
      let some = false;
      for (const place of kind.querySelectorAll(".place")) {
        place.hidden = !seen.has(place.dataset.c);
        some = some || !place.hidden;
      }
      kind.hidden = !some && Boolean(filtering());
      if (!kind.hidden) { kinds += 1; for (const place of kind.querySelectorAll(".place")) if (!some) place.hidden = false; }
      all += 1;
    }
    if ($("errors-count")) $("errors-count").textContent = filtering() ? `${count(kinds)} of ${count(all)} kinds are of the containers that are chosen` : "";
  };

  // What is known of one container.
  const show = (index, from) => {
    const c = containers[index];
    if (!c) return;
    if (!shown.includes(c)) clear();
    let at = rows.findIndex((row) => row.parts && row.parts.includes(c));
    chosen = at;
    if (at >= 0) {
      const y = at * ROW;
      if (y < viewport.scrollTop || y > viewport.scrollTop + viewport.clientHeight - AXIS - ROW) viewport.scrollTop = Math.max(0, y - viewport.clientHeight / 2);
    }
    drawRows();
    const detail = $("detail");
    const close = el("button", { type: "button", class: "plain close" }, "Close");
    close.addEventListener("click", () => { detail.hidden = true; chosen = -1; drawRows(); viewport.focus({ preventScroll: true }); });
    const facts = [
      `Step ${c.phase.replaceAll("_", " ")}${c.batch ? `, batch ${c.batch.name}` : ""}${c.node ? `, on node ${c.node}` : ", on no node"}`,
      `${count(c.lines)} lines, ${size(c.bytes)}; ${count(c.errors)} tell of errors; ${c.gaps ? `${count(c.gaps)} gaps` : "no gap is known"}`,
    ];
    const head = el("tr", {}, ...["Instance", "State", "Started", "Ended", "Ran"].map((text) => el("th", { scope: "col" }, text)));
    const body = c.instances.map((i) => el("tr", {}, el("td", {}, String(i.restart)), el("td", {}, shape(STATES[i.state]), ` ${ended(i)}`), el("td", {}, clock(i.from)), el("td", {}, clock(i.to)), el("td", {}, took(i.from, i.to))));
    detail.replaceChildren(close, el("h3", {}, `${c.pod} ${c.container}`), ...facts.map((text) => el("p", { class: "small" }, text)));
    if (body.length) detail.append(el("div", { class: "scroll" }, el("table", {}, el("thead", {}, head), el("tbody", {}, ...body))));
    else detail.append(el("p", { class: "small" }, `It was never started, as far as is known${c.said ? `: ${c.said}` : ""}.`));
    const places = document.querySelectorAll(`#errors .place[data-c="${c.index}"]`);
    if (places.length) {
      const to = el("a", { href: "#errors" }, "its errors");
      to.addEventListener("click", (event) => { event.preventDefault(); places[0].scrollIntoView({ block: "center" }); });
      detail.append(el("p", { class: "small" }, to));
    }
    if (data.command) detail.append(el("code", { class: "command" }, `$ ${data.command} --pod ${quoted(c.pod)} -c ${quoted(c.container)}`));
    detail.hidden = false;
    if (from === "link") $("timeline").scrollIntoView();
    if (from) detail.focus({ preventScroll: from === "link" });
  };

  const fit = () => {
    ROW = printing || mode === "whole" ? Math.min(19, (printing ? PAPER : SCREEN) / Math.max(1, rows.length)) : 19;
    const all = rows.length * ROW + AXIS + 6;
    viewport.style.height = `${printing ? all : Math.min(544, all)}px`;
  };
  const update = () => {
    shown = ordered.filter(admits);
    const of = new Set(shown.map((c) => c.batch));
    shownBatches = batches.filter((b) => of.has(b));
    chosen = -1;
    $("detail").hidden = true;
    makeRows();
    viewport.scrollTop = 0;
    fit();
    $("rows-count").textContent = filtering()
      ? `${count(shown.length)} of ${count(containers.length)} containers`
      : `${count(containers.length)} containers`;
    if ($("batches-count")) $("batches-count").textContent = `${count(shownBatches.length)} of ${count(batches.length)} batches${filtering() ? ", as filtered above" : ""}`;
    viewport.dataset.found = filter.text;
    drawRows();
    drawLanes();
    containerTable.show(shown);
    batchTable.show(shownBatches);
    showErrors();
  };
  const clear = () => {
    Object.assign(filter, { text: "", shard: "", phase: "", node: "", states: new Set([0, 1, 2, 3, 4]), late: false, again: false, errors: false });
    for (const id of ["f-text", "f-shard", "f-phase", "f-node"]) $(id).value = "";
    for (const id of ["f-late", "f-again", "f-errors"]) $(id).checked = false;
    for (const box of document.querySelectorAll("#f-states input")) box.checked = true;
    update();
  };

  // The controls.
  const options = (id, values) => $(id).append(...[...new Set(values)].filter(Boolean).sort().map((value) => el("option", { value }, value)));
  options("f-shard", batches.map((b) => b.shard));
  options("f-phase", containers.map((c) => c.phase));
  options("f-node", containers.map((c) => c.node));
  const present = new Set(containers.map((c) => c.state));
  STATES.forEach((name, at) => {
    if (!present.has(at)) return;
    const box = el("input", { type: "checkbox", checked: true });
    box.addEventListener("change", () => { if (box.checked) filter.states.add(at); else filter.states.delete(at); update(); });
    $("f-states").append(el("label", {}, box, state(at)), " ");
    $("legend").append(el("li", {}, shape(name), name));
  });
  $("legend").append(el("li", {}, "— waited"), el("li", {}, "| started again"), el("li", {}, "× lines are missing"));
  let typing = 0;
  $("f-text").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(() => { filter.text = $("f-text").value.trim().toLowerCase(); update(); }, 120); });
  for (const [id, key] of [["f-shard", "shard"], ["f-phase", "phase"], ["f-node", "node"]]) $(id).addEventListener("change", () => { filter[key] = $(id).value; update(); });
  for (const [id, key] of [["f-late", "late"], ["f-again", "again"], ["f-errors", "errors"]]) $(id).addEventListener("change", () => { filter[key] = $(id).checked; update(); });
  $("f-clear").addEventListener("click", clear);
  $("rows-of").value = mode;
  $("rows-of").addEventListener("change", () => { mode = $("rows-of").value; update(); });

  const zoom = (factor, middle) => {
    const span = Math.min(whole, Math.max(1000, (view.to - view.from) * factor));
    const at = middle === undefined ? (view.from + view.to) / 2 : middle;
    const part = (at - view.from) / (view.to - view.from);
    view.from = Math.min(Math.max(0, at - span * part), whole - span);
    view.to = view.from + span;
    drawRows(); drawLanes();
  };
  const pan = (part) => {
    const span = view.to - view.from;
    view.from = Math.min(Math.max(0, view.from + span * part), whole - span);
    view.to = view.from + span;
    drawRows(); drawLanes();
  };
  $("zoom-in").addEventListener("click", () => zoom(.5));
  $("zoom-out").addEventListener("click", () => zoom(2));
  $("zoom-all").addEventListener("click", () => zoom(Infinity));
  const next = (step) => {
    let at = chosen;
    do { at += step; } while (at >= 0 && at < rows.length && rows[at].group !== undefined);
    if (at < 0 || at >= rows.length) return;
    chosen = at;
    const y = at * ROW;
    if (y < viewport.scrollTop) viewport.scrollTop = y - ROW;
    if (y > viewport.scrollTop + viewport.clientHeight - AXIS - ROW * 2) viewport.scrollTop = y - viewport.clientHeight + AXIS + ROW * 2;
    drawRows();
  };
  viewport.addEventListener("keydown", (event) => {
    const keys = {
      ArrowDown: () => next(1), ArrowUp: () => next(-1), ArrowLeft: () => pan(-.2), ArrowRight: () => pan(.2),
      "+": () => zoom(.5), "-": () => zoom(2), 0: () => zoom(Infinity),
      Enter: () => rows[chosen] && rows[chosen].c && show(rows[chosen].c.index, "key"),
    };
    if (keys[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); keys[event.key](); }
  });
  viewport.addEventListener("scroll", () => requestAnimationFrame(drawRows), { passive: true });
  viewport.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const begin = left(), width = viewport.clientWidth - begin - 14;
    zoom(event.deltaY > 0 ? 1.25 : .8, view.from + ((event.clientX - viewport.getBoundingClientRect().left - begin) / width) * (view.to - view.from));
  }, { passive: false });

  const tip = el("div", { class: "tip", hidden: true, "aria-hidden": "true" });
  document.body.append(tip);
  const rowAt = (event) => {
    const box = viewport.getBoundingClientRect();
    const y = event.clientY - box.top - AXIS;
    return y < 0 ? -1 : Math.floor((y + viewport.scrollTop) / ROW);
  };
  viewport.addEventListener("pointermove", (event) => {
    const row = rows[rowAt(event)];
    if (!row || row.group !== undefined || event.pointerType === "touch") { tip.hidden = true; return; }
    tip.textContent = row.parts.map((c) => [
      row.parts.length > 1 ? `${c.container}: ${STATES[c.state]}` : `${c.pod} ${c.container}: ${STATES[c.state]}`,
      c.from >= 0 ? ` ${clock(c.from)} – ${c.to >= 0 ? clock(c.to) : "…"}, ${took(c.from, c.to)}` : "",
      c.restarts ? `, ${c.restarts} restarts` : "",
    ].join("")).concat(row.batch ? [`${row.batch.name}${row.batch.late ? ", straggler" : ""}`] : []).join("\n");
    tip.hidden = false;
    tip.style.left = `${Math.max(8, Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${Math.min(event.clientY + 16, window.innerHeight - tip.offsetHeight - 8)}px`;
  });
  viewport.addEventListener("pointerleave", () => { tip.hidden = true; });
  viewport.addEventListener("click", (event) => {
    const row = rows[rowAt(event)];
    if (row && row.c) { tip.hidden = true; show(row.c.index, "pointer"); }
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest ? event.target.closest("a[data-c]") : null;
    if (!link) return;
    event.preventDefault();
    history.replaceState(null, "", `#c${link.dataset.c}`);
    show(Number(link.dataset.c), "link");
  });

  $("theme").addEventListener("click", () => {
    const theme = themes[(themes.indexOf(root.dataset.theme || "") + 1) % themes.length];
    remember(theme);
    applyTheme(theme);
    drawRows(); drawLanes();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColors(); drawRows(); drawLanes(); });
  let width = window.innerWidth;
  window.addEventListener("resize", () => { if (window.innerWidth !== width) { width = window.innerWidth; drawRows(); drawLanes(); } });
  // On paper nothing scrolls: all rows stand there, as thin as they must be.
  const paper = (is) => {
    printing = is;
    fit(); readColors(); drawRows(); drawLanes();
  };
  matchMedia("print").addEventListener("change", (event) => paper(event.matches));

  applyTheme(themes.includes(remembered()) ? remembered() : "");
  update();
  const linked = /^#c(\d+)$/.exec(location.hash);
  if (linked) show(Number(linked[1]), "link");
  performance.mark("elbtail-drawn");
})();
