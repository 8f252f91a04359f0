"use strict";
{
  const byId = (id) => document.getElementById(id);
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const number = (count) => count.toLocaleString("en");
  const counted = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
  const size = (bytes) => {
    if (bytes < 1000) return counted(bytes, "byte");
    let value = bytes;
    for (const unit of ["kB", "MB", "GB", "TB"]) {
      value /= 1000;
      if (value < 999.5 || unit === "TB") return `${value.toFixed(value >= 99.95 && unit === "kB" ? 0 : 1)} ${unit}`;
    }
  };

  // Filters: what the form says is in the fragment, and the other way round.

  const filters = () => {
    const form = byId("filters");
    if (!form) return;
    form.hidden = false;
    const field = form.elements;
    const boxes = [...form.querySelectorAll("[name=severity]")];
    let rows = null;

    const read = () => {
      rows ??= [...document.querySelectorAll(".finding")].map((element) => ({
        element,
        aside: element.closest("#aside") !== null,
        why: element.nextElementSibling?.matches(".why") ? element.nextElementSibling : null,
        text: element.textContent.toLowerCase(),
        ...element.dataset,
      }));
      return rows;
    };

    const wanted = () => {
      const found = new URLSearchParams();
      const text = field.text.value.trim();
      const levels = boxes.filter((box) => box.checked).map((box) => box.value);
      if (text) found.set("text", text);
      if (levels.length < boxes.length) found.set("severity", levels.join(","));
      if (field.rule.value) found.set("rule", field.rule.value);
      if (field.source?.value) found.set("in", field.source.value);
      if (field.aside && !field.aside.checked) found.set("aside", "no");
      return found;
    };

    const show = () => {
      const want = wanted();
      const words = (want.get("text") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
      const levels = want.get("severity")?.split(",");
      const every = want.size === 0;
      const fits = (row) =>
        (!levels || levels.includes(row.severity)) &&
        (!want.has("rule") || row.rule === want.get("rule")) &&
        (!want.has("in") || row.source === want.get("in")) &&
        words.every((word) => row.text.includes(word));
      let count = 0;
      let all = 0;
      for (const row of every && !rows ? [] : read()) {
        const shown = fits(row);
        row.element.hidden = !shown;
        if (row.why) row.why.hidden = !shown;
        if (row.aside) continue;
        all += 1;
        count += shown;
      }
      for (const more of document.querySelectorAll(".more")) {
        const any = more.querySelector(".finding:not([hidden])") !== null;
        more.hidden = !any;
        if (!every) more.open = any;
      }
      for (const group of document.querySelectorAll(".group")) {
        group.hidden = group.querySelector(".finding:not([hidden])") === null;
        const row = document.querySelector(`[data-group="${group.id}"]`);
        if (row) row.hidden = group.hidden;
      }
      const aside = byId("aside");
      if (aside) aside.hidden = want.has("aside");
      byId("nothing").hidden = every || count > 0;
      field.shown.value = every ? "" : `${number(count)} of ${counted(all, "finding")}`;
    };

    const fromFragment = () => {
      const fragment = location.hash.slice(1);
      if (fragment && !fragment.includes("=")) return reveal(fragment);
      const want = new URLSearchParams(fragment);
      const levels = want.get("severity")?.split(",");
      field.text.value = want.get("text") ?? "";
      for (const box of boxes) box.checked = !levels || levels.includes(box.value);
      for (const [select, value] of [[field.rule, want.get("rule")], [field.source, want.get("in")]]) {
        if (select) select.value = [...select.options].some((one) => one.value === value) ? value : "";
      }
      if (field.aside) field.aside.checked = want.get("aside") !== "no";
      show();
    };

    const toFragment = () => {
      const fragment = wanted().toString();
      history.replaceState(null, "", fragment ? `#${fragment}` : location.href.split("#")[0]);
      show();
    };

    const reveal = (id) => {
      const target = byId(id);
      for (let one = target; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
      target?.scrollIntoView();
    };

    form.addEventListener("input", toFragment);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(toFragment));
    for (const link of document.querySelectorAll("[data-only]")) {
      link.addEventListener("click", () => {
        for (const box of boxes) box.checked = box.value === link.dataset.only;
        setTimeout(toFragment); // after the browser has gone to the section
      });
    }
    window.addEventListener("hashchange", fromFragment);
    fromFragment();
  };

  // Tooltip: one for all tiles; the same text is each tile's label.

  const tip = byId("tip");
  const point = (node, x, y) => {
    tip.replaceChildren(make("b", "", node.path), make("span", "", node.told));
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - box.width - 4))}px`;
    tip.style.top = `${y + 18 + box.height > innerHeight ? Math.max(4, y - box.height - 10) : y + 18}px`;
  };

  // Treemap. A folder's tile has a head and its children inside; what is too small for a tile of its
  // own is part of one tile for the smaller ones, which can be gone into like a folder.

  const HEAD = 17;
  const GAP = 2;
  const TILES = 2200;
  const MANY = 400;

  const grown = (value, kinds, folder) => {
    const [name, content, color, kind] = value;
    const path = folder ? `${folder}/${name}` : name;
    if (!Array.isArray(content)) {
      return { name, path, size: content, color, files: 1, kind: kind ?? kinds[color] };
    }
    const children = content.map((one) => grown(one, kinds, path));
    return sum({ name, path, children });
  };

  const sum = (node) => {
    const colors = new Map();
    node.size = 0;
    node.files = 0;
    for (const child of node.children) {
      node.size += child.size;
      node.files += child.files;
      colors.set(child.color, (colors.get(child.color) ?? 0) + child.size);
    }
    node.children.sort((a, b) => b.size - a.size);
    node.color = [...colors].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 9;
    return node;
  };

  const bundle = (children, folder, name) => sum({ name, path: `${folder}: ${name}`, children: [...children], rest: true });

  const smaller = (children, folder) => {
    const files = children.reduce((count, child) => count + child.files, 0);
    return bundle(children, folder, counted(files, "smaller file"));
  };

  // The tiles for a folder's children where one byte has so many square pixels.
  const tilesOf = (node, perByte, least) => {
    const big = node.children.filter((child) => child.size * perByte >= least);
    const rest = node.children.slice(big.length);
    if (rest.length < 2) return node.children;
    if (big.length) return [...big, smaller(rest, node.path)].sort((a, b) => b.size - a.size);
    if (rest.length <= MANY) return rest;
    const step = Math.ceil(rest.length / Math.sqrt(rest.length));
    const groups = [];
    for (let at = 0; at < rest.length; at += step) {
      const part = rest.slice(at, at + step);
      groups.push(bundle(part, node.path, `${part[0].name} … ${part.at(-1).name}`));
    }
    return groups;
  };

  // Squarified: rows along the shorter side, each as long as its tiles come nearer to squares.
  const squares = (nodes, area) => {
    let { x, y, width, height } = area;
    let left = nodes.reduce((total, node) => total + node.size, 0);
    const placed = [];
    let at = 0;
    while (at < nodes.length && left > 0 && width > 0 && height > 0) {
      const scale = (width * height) / left;
      const side = Math.min(width, height);
      let length = 0;
      let end = at;
      let best = Infinity;
      while (end < nodes.length) {
        const longer = length + nodes[end].size;
        const worst = ratio(longer * scale, side, nodes[at].size * scale, nodes[end].size * scale);
        if (worst > best) break;
        best = worst;
        length = longer;
        end += 1;
      }
      const depth = (length * scale) / side;
      let along = 0;
      for (const node of nodes.slice(at, end)) {
        const part = length > 0 ? (node.size / length) * side : 0;
        placed.push(
          width >= height
            ? { node, x, y: y + along, width: depth, height: part }
            : { node, x: x + along, y, width: part, height: depth },
        );
        along += part;
      }
      if (width >= height) {
        x += depth;
        width -= depth;
      } else {
        y += depth;
        height -= depth;
      }
      left -= length;
      at = end;
    }
    return placed;
  };

  const ratio = (row, side, largest, smallest) =>
    smallest > 0 ? Math.max((side * side * largest) / (row * row), (row * row) / (side * side * smallest)) : Infinity;

  const treemap = (figure) => {
    const { kinds, tree } = JSON.parse(byId(figure.dataset.tree).textContent);
    const root = grown(tree, kinds, "");
    figure.hidden = root.size === 0;
    if (figure.hidden) return;
    const box = figure.querySelector(".tiles");
    const crumbs = figure.querySelector(".crumbs");
    const status = figure.querySelector("[role=status]");
    const way = [root];
    let tiles = [];
    let drawn = 0;

    const told = (node) => {
      const share = `${((100 * node.size) / root.size).toFixed(1)}%`;
      const what = node.children ? counted(node.files, "file") : node.kind;
      return `${size(node.size)}, ${what} (${share} of all)`;
    };

    const draw = () => {
      const { clientWidth: width, clientHeight: height } = box;
      if (!width) return;
      drawn = width;
      tiles = [];
      const here = way.at(-1);
      const least = Math.max(90, (width * height) / TILES);
      fill(here, { x: 0, y: 0, width, height }, 1, way.slice(), least);
      box.replaceChildren(...tiles.map((tile) => tile.element));
      if (tiles.length) tiles[0].element.tabIndex = 0;
    };

    const fill = (folder, area, level, trail, least) => {
      const perByte = (area.width * area.height) / folder.size;
      const nodes = tilesOf(folder, perByte, least).filter((node) => node.size > 0);
      squares(nodes, area).forEach((rect, index) => {
        const { node } = rect;
        const inside = {
          x: rect.x + GAP + 1,
          y: rect.y + HEAD,
          width: rect.width - 2 * GAP - 2,
          height: rect.height - HEAD - GAP - 1,
        };
        const open = node.children && !node.rest && inside.width > 24 && inside.height > 14;
        tiles.push({ node, level, trail, element: tile(rect, level, open, index + 1, nodes.length) });
        if (open) fill(node, inside, level + 1, [...trail, node], least);
      });
    };

    const tile = ({ node, x, y, width, height }, level, open, position, count) => {
      const type = node.rest ? "rest folder" : node.children ? "folder" : "";
      const element = make("div", `tile ${type} ${open ? "open" : `kind-${node.color}`}`);
      element.setAttribute("role", "treeitem");
      element.setAttribute("aria-level", level);
      element.setAttribute("aria-posinset", position);
      element.setAttribute("aria-setsize", count);
      if (node.children) element.setAttribute("aria-expanded", Boolean(open));
      node.told = told(node);
      element.setAttribute("aria-label", `${node.name} ${node.told}`);
      element.tabIndex = -1;
      element.style.left = `${(100 * x) / box.clientWidth}%`;
      element.style.top = `${(100 * y) / box.clientHeight}%`;
      element.style.width = `${(100 * width) / box.clientWidth}%`;
      element.style.height = `${(100 * height) / box.clientHeight}%`;
      if (width > 36 && height > 15) {
        const bytes = size(node.size);
        element.append(make("span", "", open ? `${node.name} ${bytes}` : node.name));
        if (!open && height > 31) element.append(" ", make("span", "", bytes));
      }
      return element;
    };

    const found = (target) => {
      const element = target.closest?.(".tile");
      return element && tiles.find((one) => one.element === element);
    };

    const go = (steps) => {
      const left = way.at(-1);
      way.splice(0, way.length, ...steps);
      const here = way.at(-1);
      tip.hidden = true;
      crumbs.replaceChildren(...way.map(crumb));
      crumbs.append(make("li", "dim", told(here)));
      status.textContent = `${here.path || "All files"}: ${told(here)}`;
      draw();
      return tiles.find((one) => one.node === left) ?? tiles[0];
    };

    const crumb = (node, index) => {
      const item = make("li");
      const button = make("button", "", node.name || "all files");
      button.type = "button";
      if (index === way.length - 1) button.setAttribute("aria-current", "true");
      button.addEventListener("click", () => {
        go(way.slice(0, index + 1));
        crumbs.children[index].firstChild.focus();
      });
      item.append(button);
      return item;
    };

    const focus = (one) => {
      if (!one) return;
      for (const other of tiles) other.element.tabIndex = other === one ? 0 : -1;
      one.element.focus();
    };

    const into = (one) => {
      const steps = one.node.children ? [...one.trail, one.node] : one.trail;
      if (steps.length > way.length) focus(go(steps));
    };

    const out = () => {
      if (way.length > 1) focus(go(way.slice(0, -1)));
    };

    box.addEventListener("click", (event) => {
      const one = found(event.target);
      if (one) into(one);
    });
    box.addEventListener("pointermove", (event) => {
      const one = found(event.target);
      if (one) point(one.node, event.clientX, event.clientY);
    });
    box.addEventListener("pointerleave", () => { tip.hidden = true; });
    box.addEventListener("focusin", (event) => {
      const one = found(event.target);
      if (!one?.element.matches(":focus-visible")) return;
      const place = one.element.getBoundingClientRect();
      point(one.node, place.left, place.top + Math.min(place.height, 24));
    });
    box.addEventListener("focusout", () => { tip.hidden = true; });
    box.addEventListener("keydown", (event) => {
      const one = found(event.target);
      if (!one || event.ctrlKey || event.metaKey || event.altKey) return;
      const at = tiles.indexOf(one);
      const parent = () => tiles.slice(0, at).findLast((other) => other.level < one.level);
      const child = () => (tiles[at + 1]?.level > one.level ? tiles[at + 1] : undefined);
      const keys = {
        ArrowDown: () => focus(tiles[at + 1]),
        ArrowUp: () => focus(tiles[at - 1]),
        ArrowRight: () => focus(child() ?? tiles[at + 1]),
        ArrowLeft: () => focus(parent() ?? tiles[at - 1]),
        Home: () => focus(tiles[0]),
        End: () => focus(tiles.at(-1)),
        Enter: () => into(one),
        " ": () => into(one),
        Backspace: out,
        Escape: () => (tip.hidden ? out() : (tip.hidden = true)),
      };
      if (!Object.hasOwn(keys, event.key)) return;
      event.preventDefault();
      keys[event.key]();
    });
    new ResizeObserver(() => { if (box.clientWidth !== drawn) draw(); }).observe(box);
    go(way);
  };

  filters();
  const drawn = new WeakSet();
  const drawOnce = (details) => {
    if (!drawn.has(details)) treemap(details.querySelector(".map"));
    drawn.add(details);
  };
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) drawOnce(target);
  }, { rootMargin: "400px" });
  for (const details of document.querySelectorAll("details.ships")) {
    details.querySelector(".map").hidden = false; // its place is kept until it is drawn
    near.observe(details);
  }
  window.addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details.ships[open]")) drawOnce(details);
  });
}
